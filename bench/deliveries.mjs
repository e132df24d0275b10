// Messages that are decided all at once, rendered, recorded and delivered: mails and webhooks, against bare senders of
// ready messages to the same receivers.
import {Daemon, makeWorkspace} from '../tests/e2e/daemon.mjs';
import {settings, smtp} from '../tests/e2e/workspaces.mjs';

import {allTaken, alone, built, compare, eachRound, fastSink, here, run, short, tell} from './measure.mjs';
import {smtpSink} from './services.mjs';

const mailCount = short ? 2_000 : 10_000;
const webhookCount = short ? 2_000 : 20_000;
const mailBytes = 8 * 1024;
const webhookBytes = 1024;

const line = 'A line of the letter, as long as lines of letters are.\n';

// A workspace in which every contact is sent one message at the moment that their event names.
const workspace = (connector, body) => ({
  'nurtured.yaml': settings({connector}).replace('channels: {email: out}', 'channels: {email: {connector: out, consent: assumed}}'),
  'events.yaml': 'events:\n  go: {properties: {due: timestamp}}\n',
  'playbooks/flow.yaml': 'start: {when: go}\nsteps:\n  - wait_until: event.due\n  - send: letter\n',
  'content/letter.md': `---\nkind: value\nsubject: "Hello {{ contact.id }}"\n---\n${body}`,
});

// Messages a second from the moment at which all of them fall due to the last that the receiver took.
async function blast(scope, sink, files, messages) {
  const daemon = await Daemon.start(scope, await makeWorkspace(scope, files));
  const due = Date.now() + 3000 + messages * 2;  // later than the last of them is in
  const at = new Date(due).toISOString();
  await sink.reset();
  await tell(daemon, 0, messages, (n) => [{type: 'track', userId: `u${n}`, event: 'go', properties: {due: at},
    context: {traits: {email: `u${n}@example.net`}}}]);
  if (Date.now() > due) throw new Error('the events took longer than the moment that they name');
  return messages / ((await allTaken(sink, messages) - due) / 1000);
}

// Messages a second of a peer that prints when it began.
async function bare(sink, messages, file, ...args) {
  await sink.reset();
  const {stdout} = await run(file, args.map(String));
  return messages / ((await allTaken(sink, messages) - Number(stdout)) / 1000);
}

export async function mails() {
  const got = await eachRound('mails', async () => ({
    product: await alone(async (scope) => {
      const sink = await smtpSink(scope);
      const connector = smtp(`smtp://127.0.0.1:${sink.port}`, 'concurrency: 16, rate: 100000/s');
      return blast(scope, sink, workspace(connector, line.repeat(70)), mailCount);
    }),
    nodemailer: await alone(async (scope) => {
      const sink = await smtpSink(scope);
      return bare(sink, mailCount, process.execPath, here('peers/nodemailer.mjs'), sink.port, mailCount);
    }),
    curl: await alone(async (scope) => {
      const sink = await smtpSink(scope);
      return bare(sink, mailCount, built('curl_peer'), `smtp://127.0.0.1:${sink.port}/bench`, 16, mailCount, mailBytes);
    }),
  }));
  const what = 'mails of 8 KB due at once: decided, rendered, recorded, delivered to smtp-sink, 16 connections';
  compare(what, got.product, got.nodemailer, 'nodemailer sending only, pool 16', 'mails/s', '≥ 2.2');
  compare('… the same', got.product, got.curl, 'bare libcurl multi sending only', 'mails/s', '≥ 0.8');
}

export async function webhooks() {
  const got = await eachRound('webhooks', async () => ({
    product: await alone(async (scope) => {
      const sink = await fastSink(scope, 'http');
      const connector = `{type: webhook, url: "http://127.0.0.1:${sink.port}/hook", secret: bench, allow_private: true, concurrency: 32}`;
      return blast(scope, sink, workspace(connector, line.repeat(10)), webhookCount);
    }),
    curl: await alone(async (scope) => {
      const sink = await fastSink(scope, 'http');
      return bare(sink, webhookCount, built('curl_peer'), `http://127.0.0.1:${sink.port}/hook`, 32, webhookCount, webhookBytes);
    }),
  }));
  compare('webhooks of 1 KB due at once: decided, rendered, signed, recorded, delivered to a fast receiver, 32 connections',
    got.product, got.curl, 'bare libcurl multi posting only', '/s', '≥ 0.35');
}
