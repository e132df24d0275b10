// nodemailer alone: COUNT ready mails of 8 KB. Prints when it began. usage: nodemailer.mjs PORT COUNT
import {openPool} from './mailer.mjs';

const [port, count] = process.argv.slice(2).map(Number);
const pool = openPool(port);
const html = 'A line of the letter, as long as lines of letters are.\n'.repeat(150);
const began = Date.now();
await Promise.all(Array.from({length: count}, (_, n) =>
  pool.sendMail({from: 'a@example.org', to: `u${n}@example.net`, subject: `Hello ${n}`, html})));
pool.close();
console.log(began);
