// The peer of sending: nodemailer with a pool of 16 connections and a ready message. usage: nodemailer_peer.mjs PORT COUNT
import {createRequire} from 'node:module';

const nodemailer = createRequire(new URL('../tests/e2e/package.json', import.meta.url))('nodemailer');
const [port, count] = process.argv.slice(2).map(Number);
const transport = nodemailer.createTransport({pool: true, maxConnections: 16, maxMessages: Infinity, host: '127.0.0.1', port, ignoreTLS: true});
const text = 'A line of the letter, as long as lines of letters are.\n'.repeat(70);
const html = `<p>${text}</p>`;
const began = Date.now();
await Promise.all(Array.from({length: count}, (_, n) =>
  transport.sendMail({from: 'a@example.org', to: `u${n}@example.net`, subject: `Hello ${n}`, text, html})));
transport.close();
console.log(began);
