// From an event to its mail, all the way: the product against the same made of usual parts.
import {Daemon, eventually, makeWorkspace} from '../tests/e2e/daemon.mjs';
import {settings, smtp} from '../tests/e2e/workspaces.mjs';

import {allTaken, alone, compare, eachRound, fastSink, startPeer, wrk} from './measure.mjs';
import {postgres, redis} from './services.mjs';

const letterLine = 'A line of the letter, as long as lines of letters are.\n';

// The same mail as the peers': eight kilobytes, ten placeholders. As text and as HTML it carries its lines twice.
const letter = `---\nkind: value\nsubject: "Your order {{ event.order_id }}"\n---\n${
  Array.from({length: 10}, (_, n) => `{{ ${n % 2 ? 'contact.id' : 'event.order_id'} }}\n\n${letterLine.repeat(7)}\n`).join('')}`;

const workspace = (port) => ({
  'nurtured.yaml': settings({connector: smtp(`smtp://127.0.0.1:${port}`, 'concurrency: 16, rate: 100000/s'), channel: 'email'})
    .replace('channels: {email: out}', 'channels: {email: {connector: out, consent: assumed}}'),
  'events.yaml': 'events:\n  order.completed: {properties: {order_id: string, total: double, currency: string, items: int, ' +
    'source: string, page: string, sku: string}}\n',
  'playbooks/order.yaml': 'start: {when: order.completed, if: event.total > 100 && event.currency == "EUR" && event.items < 9}\n' +
    'again: always\nper: event.order_id\nsteps:\n  - send: letter\n',
  'content/letter.md': letter,
});

// Mails a second from the first event to the last mail, of as many events as are taken in some seconds.
async function fromEventToMail(sink, url, answered) {
  await wrk(url, 64, {script: 'order.lua', forSeconds: 1});
  await allTaken(sink, await settled(answered));
  const before = await answered();
  await sink.reset();
  const began = Date.now();
  await wrk(url, 64, {script: 'order.lua'});
  const events = await settled(answered) - before;
  return events / ((await allTaken(sink, events) - began) / 1000);
}

// What wrk left unanswered when its time was up is taken all the same.
async function settled(answered) {
  let before = -1;
  let now = await answered();
  await eventually('the last requests to be answered', async () => {
    if (now === before) return true;
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    [before, now] = [now, await answered()];
    return false;
  });
  return now;
}

async function ofProduct(scope) {
  const sink = await fastSink(scope, 'smtp');
  const daemon = await Daemon.start(scope, await makeWorkspace(scope, workspace(sink.port)));
  const result = await fromEventToMail(sink, daemon.url, () => daemon.metric('nurtured_ingest_messages_total'));
  await daemon.stop();
  return result;
}

async function ofStack(scope, kind) {
  const where = await (kind === 'graphile' ? postgres : redis)(scope);
  const sink = await fastSink(scope, 'smtp');
  const {port} = await startPeer(scope, 'stack_web.mjs', kind, where);
  await startPeer(scope, 'stack_worker.mjs', kind, where, sink.port);
  const url = `http://127.0.0.1:${port}`;
  return fromEventToMail(sink, url, async () => Number(await (await fetch(url)).text()));
}

export async function endToEnd() {
  const got = await eachRound('event to mail', async () => ({
    product: await alone(ofProduct),
    bullmq: await alone((scope) => ofStack(scope, 'bullmq')),
    graphile: await alone((scope) => ofStack(scope, 'graphile')),
  }));
  const what = 'end to end: event in → rule → mail at a fast sink, 64 clients, 16 connections';
  compare(what, got.product, got.bullmq, 'BullMQ on Redis, Handlebars, nodemailer', 'mails/s', '≥ 5');
  compare('… the same', got.product, got.graphile, 'graphile-worker on PostgreSQL, Handlebars, nodemailer', 'mails/s', '≥ 8');
}
