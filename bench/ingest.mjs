// Events taken over HTTP: one a request and in batches, against what HTTP, a job queue and SQLite alone give.
import path from 'node:path';

import {Daemon, makeWorkspace, temporaryFolder} from '../tests/e2e/daemon.mjs';
import {settings} from '../tests/e2e/workspaces.mjs';

import {alone, askPeer, compare, eachRound, here, run, seconds, short, state, wrk} from './measure.mjs';
import {nginx, postgres} from './services.mjs';

const jobCount = short ? 2_000 : 10_000;

const files = {
  'nurtured.yaml': settings({connector: '{type: file, path: outbox}'}),
  'events.yaml': 'events:\n  product.viewed: {properties: {product: string, price: int, position: int}}\n',
  'touchpoints.yaml': 'touchpoints:\n  product.viewed: {channel: site, stage: consideration, media: owned, place: online, kind: value}\n',
  'playbooks/dear.yaml': 'start: {when: product.viewed, if: event.price > 900}\nagain: always\nsteps:\n  - tag: rich\n',
};

export async function ingestSingle() {
  const got = await eachRound('ingest, one event a request', async () => {
    const ours = await alone(async (scope) => {
      const daemon = await Daemon.start(scope, await makeWorkspace(scope, files));
      await wrk(daemon.url, 64, {forSeconds: 1});
      const before = [await daemon.metric('nurtured_batches_total'), await daemon.metric('nurtured_ingest_messages_total')];
      const load = await wrk(daemon.url, 64);
      const batches = await daemon.metric('nurtured_batches_total') - before[0];
      const events = await daemon.metric('nurtured_ingest_messages_total') - before[1];
      return {...load, fsyncs: batches / events * 1000};
    });
    const bare = await alone(async (scope) => wrk(await nginx(scope), 64));
    const jobs = await alone(async (scope) => askPeer('graphile.mjs', await postgres(scope), 'add', jobCount, 64));
    return {product: ours.rate, p99: ours.p99ms, fsyncs: ours.fsyncs, nginx: bare.rate, jobs};
  });
  compare('ingest, one event a request, 64 clients, 200 after the commit', got.product, got.nginx, 'nginx 204', '/s', '≥ 0.30');
  compare('… the same', got.product, got.jobs, 'graphile-worker, one job a transaction, 64 clients', '/s', '≥ 25');
  state('… p99 of an answer', got.p99, 'ms', '≤ 10 ms');
  state('… commits (one fdatasync each) per 1,000 events', got.fsyncs, '', '≤ 40');
}

export async function ingestBatched() {
  const got = await eachRound('ingest, batches of 100', async () => {
    const product = await alone(async (scope) => {
      const daemon = await Daemon.start(scope, await makeWorkspace(scope, files));
      await wrk(daemon.url, 16, {batch: 100, forSeconds: 1});
      return (await wrk(daemon.url, 16, {batch: 100})).rate * 100;
    });
    const peer = await alone(async (scope) => {
      const file = path.join(await temporaryFolder(scope), 'roof.db');
      const {stdout} = await run('python3', [here('peers/sqlite_roofline.py'), file, String(seconds)]);
      return Number(stdout);
    });
    return {product, peer};
  });
  compare('ingest, Segment batches of 100, 16 clients', got.product, got.peer, 'SQLite from Python, 1,000 rows a transaction',
    'events/s', '≥ 0.35');
}
