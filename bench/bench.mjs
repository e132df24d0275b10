// Measures the product and what people would otherwise use, in turn, and prints ratios; see script/bench.
import {execFile, execFileSync, fork, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, readFile, readdir, stat, writeFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';

import {Daemon, Scope, eventually, makeWorkspace, projectRoot, temporaryFolder} from '../tests/e2e/daemon.mjs';
import {settings, smtp} from '../tests/e2e/workspaces.mjs';

const run = promisify(execFile);
const short = process.argv.includes('--short');
const write = !short || process.argv.includes('--write');
const rounds = short ? 3 : 5;
const seconds = short ? 3 : 5;
const mailCount = short ? 2_000 : 5_000;
const waitingCount = short ? 10_000 : 100_000;
const here = (name) => path.join(projectRoot, 'bench', name);

const rows = [];  // {what, product, peer, unit, goal, higherIsBetter}
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const figure = (value) => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3));
const spread = (list) => `${figure(median(list))} (${figure(Math.min(...list))}–${figure(Math.max(...list))})`;
const note = (text) => process.stderr.write(`${text}\n`);

async function eachRound(what, measure) {
  const results = [];
  for (let n = 0; n < rounds; ++n) {
    const scope = new Scope();
    try {
      results.push(await measure(scope));
    } finally {
      await scope.end();
    }
    note(`${what} ${n + 1}/${rounds}: ${JSON.stringify(results.at(-1))}`);
  }
  return Object.fromEntries(Object.keys(results[0]).map((key) => [key, results.map((result) => result[key])]));
}

// Adds a row: the median of the rounds' own ratios, beside the figures.
function compare(what, product, peer, peerName, unit, goal) {
  rows.push({what, product: `${spread(product)} ${unit}`, peer: `${spread(peer)} ${unit}, ${peerName}`,
    ratio: median(product.map((value, n) => value / peer[n])).toPrecision(2), goal});
}
const state = (what, product, unit, goal) => rows.push({what, product: `${spread(product)} ${unit}`, peer: '', ratio: '', goal});

const ingestFiles = {
  'nurtured.yaml': settings({connector: '{type: file, path: outbox}'}),
  'events.yaml': 'events:\n  product.viewed: {properties: {product: string, price: int, position: int}}\n',
  'touchpoints.yaml': 'touchpoints:\n  product.viewed: {channel: site, stage: consideration, media: owned, place: online, kind: value}\n',
  'playbooks/dear.yaml': 'start: {when: product.viewed, if: event.price > 900}\nagain: always\nsteps:\n  - tag: rich\n',
};

async function wrk(url, clients, batch = 0) {
  const {stdout} = await run('wrk', ['-t1', `-c${clients}`, `-d${seconds}s`, '--latency', '-s', here('ingest.lua'), url],
    {env: {...process.env, BATCH: String(batch)}});
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1];
  if (bad) throw new Error(`${bad} requests were refused\n${stdout}`);
  const [, p99, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout);
  return {rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]), p99ms: Number(p99) * {us: 0.001, ms: 1, s: 1000}[unit]};
}

async function nginx(scope) {
  const folder = await temporaryFolder(scope);
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const {port} = probe.address();
  probe.close();
  const file = path.join(folder, 'nginx.conf');
  await writeFile(file, `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events {worker_connections 1024;}
http {access_log off; keepalive_requests 1000000000; client_body_temp_path ${folder}/body; client_max_body_size 1m;
  proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  server {listen 127.0.0.1:${port}; location / {return 204;}}}\n`);
  const child = spawn('/usr/sbin/nginx', ['-c', file, '-e', `${folder}/error.log`], {stdio: 'ignore'});
  scope.after(async () => {
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  });
  const url = `http://127.0.0.1:${port}`;
  await eventually('nginx', () => fetch(url).then((answer) => answer.status === 204, () => false));
  return url;
}

async function ingestSingle() {
  const got = await eachRound('ingest, one event a request', async (scope) => {
    const daemon = await Daemon.start(scope, await makeWorkspace(scope, ingestFiles));
    const product = await wrk(daemon.url, 64);
    const batches = await daemon.metric('nurtured_batches_total');
    const events = await daemon.metric('nurtured_ingest_messages_total');
    await daemon.stop();
    const peer = await wrk(await nginx(scope), 64);
    return {product: product.rate, p99: product.p99ms, peer: peer.rate, fsyncs: batches / events * 1000};
  });
  compare('ingest, one event a request, 64 clients, 200 after the commit', got.product, got.peer, 'nginx 204', '/s', '≥ 0.30');
  state('… p99 of an answer', got.p99, 'ms', '≤ 10 ms');
  state('… commits (one fdatasync each) per 1,000 events', got.fsyncs, '', '≤ 40');
}

async function ingestBatched() {
  const got = await eachRound('ingest, batches of 100', async (scope) => {
    const daemon = await Daemon.start(scope, await makeWorkspace(scope, ingestFiles));
    const {rate} = await wrk(daemon.url, 16, 100);
    await daemon.stop();
    const folder = await temporaryFolder(scope);
    const {stdout} = await run('python3', [here('sqlite_roofline.py'), path.join(folder, 'roof.db'), String(seconds)]);
    return {product: rate * 100, peer: Number(stdout)};
  });
  compare('ingest, Segment batches of 100, 16 clients', got.product, got.peer, 'SQLite from Python, 1,000 rows a transaction',
    'events/s', '≥ 0.35');
}

// The same calls as fast as they are taken: `count` contacts, each with consent, and one event.
async function tellAll(daemon, count, event) {
  let next = 0;
  const caller = async () => {
    while (next < count) {
      const batch = [];
      for (const end = Math.min(next + 50, count); next < end; ++next) {
        const id = `u${next}`;
        batch.push({type: 'identify', userId: id, traits: {email: `${id}@example.net`, consent: {email: true}}},
          {type: 'track', userId: id, event});
      }
      await daemon.take('batch', {batch});
    }
  };
  await Promise.all(Array.from({length: 8}, caller));
}

async function mailSink(scope) {
  const child = fork(here('mail_sink.mjs'));
  scope.after(() => child.disconnect());
  const [{port}] = await once(child, 'message');
  return {
    port,
    // Starts counting; the promise is for the moment of the last mail.
    async expect(count) {
      child.send({expect: count});
      await once(child, 'message');
      return {reached: once(child, 'message').then(([{reached}]) => reached)};
    },
  };
}

async function mail() {
  const body = 'A line of the letter, as long as lines of letters are.\n'.repeat(70);
  const got = await eachRound('event to mail', async (scope) => {
    const sink = await mailSink(scope);
    const connector = smtp(`smtp://127.0.0.1:${sink.port}`).replace('}', ', concurrency: 16, rate: 100000/s}');
    const daemon = await Daemon.start(scope, await makeWorkspace(scope, {
      'nurtured.yaml': settings({connector}), 'events.yaml': 'events: {go: {}}\n',
      'playbooks/flow.yaml': 'start: {when: go}\nsteps:\n  - send: letter\n',
      'content/letter.md': `---\nkind: value\nsubject: "Hello {{ contact.id }}"\n---\n${body}`,
    }));
    const ours = await sink.expect(mailCount);
    const began = Date.now();
    await tellAll(daemon, mailCount, 'go');
    const product = mailCount / ((await ours.reached - began) / 1000);
    await daemon.stop();
    const theirs = await sink.expect(mailCount);
    const {stdout} = await run('node', [here('nodemailer_peer.mjs'), String(sink.port), String(mailCount)]);
    return {product, peer: mailCount / ((await theirs.reached - Number(stdout)) / 1000)};
  });
  compare('event in → rule → rendered, recorded and accepted by a fast mail server, 16 connections', got.product, got.peer,
    'nodemailer sending only, pool 16', 'mails/s', '≥ 2.2');
}

const residentMiB = async (pid) => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

async function readyMs(scope, folder) {
  const began = performance.now();
  const daemon = await Daemon.start(scope, folder);
  return {daemon, ms: performance.now() - began};
}

async function waiting() {
  const got = await eachRound('waiting contacts', async (scope) => {
    const folder = await makeWorkspace(scope, {
      'nurtured.yaml': settings({connector: '{type: file, path: outbox}'}), 'events.yaml': 'events: {go: {}}\n',
      'playbooks/flow.yaml': 'start: {when: go}\nsteps:\n  - wait: 30d\n  - tag: patient\n',
    });
    const {daemon, ms: startEmpty} = await readyMs(scope, folder);
    const idle = await residentMiB(daemon.pid);
    await tellAll(daemon, waitingCount, 'go');
    const loaded = await residentMiB(daemon.pid);
    await daemon.stop();
    let bytes = 0;
    for (const name of await readdir(folder)) if (name.startsWith('nurtured.db')) bytes += (await stat(path.join(folder, name))).size;
    const {daemon: next, ms: startFull} = await readyMs(scope, folder);
    const after = await residentMiB(next.pid);
    return {startEmpty, startFull, idle, loaded, after, disk: bytes / waitingCount};
  });
  const people = waitingCount.toLocaleString('en');
  state('start to ready, empty store', got.startEmpty, 'ms', '');
  state(`… with ${people} contacts waiting`, got.startFull, 'ms', '≤ 500 ms (1 M)');
  state('resident memory, idle', got.idle, 'MiB', '≤ 20 MB');
  state(`… after ${people} contacts have come in and wait`, got.loaded, 'MiB', '≤ 64 MB (1 M)');
  state(`… started anew with ${people} waiting`, got.after, 'MiB', '');
  state(`disk per waiting contact, all told (${people})`, got.disk, 'B', '≤ 600 B');
}

function table() {
  const lines = ['| figure | nurtured | peer | ratio | goal |', '|---|---|---|---|---|'];
  for (const {what, product, peer, ratio, goal} of rows) lines.push(`| ${what} | ${product} | ${peer} | ${ratio} | ${goal} |`);
  return lines.join('\n');
}

function machine() {
  const versions = ['nginx -v', 'python3 --version'].map((line) => {
    const [file, ...args] = line.split(' ');
    return execFileSync('/bin/sh', ['-c', `${file === 'nginx' ? '/usr/sbin/nginx' : file} ${args.join(' ')} 2>&1`], {encoding: 'utf8'}).trim();
  });
  return `${os.cpus().length} cores (${os.cpus()[0].model}), ${Math.round(os.totalmem() / 2 ** 30)} GiB, Linux ${os.release()}; ` +
    `${versions.join('; ')}; Node ${process.version}`;
}

async function document(load) {
  const text = `# Performance

Written by \`script/bench${short ? ' --short --write' : ''}\`. A figure counts as a ratio taken in one run, product and peer in turn: the median of ${rounds}
rounds, with the least and the most. Absolute numbers only illustrate: they are those of this machine on this day.

${table()}

Machine: ${machine()}. Load average while measuring: ${load.before} before, ${load.after} after. Anything much above
0.2 before the run means that something else was using the cores, and that the figures are rough: run it again on a quiet
machine before drawing conclusions.

## What is measured

- All promises are kept: WAL with \`synchronous=FULL\`, an answer only after the commit, deduplication, rules, decisions and
  counters recorded. The load generator, the peer's receiver and the program share the cores.
- **Ingest** is \`wrk\` with one thread; events of about 400 bytes from 10,000 contacts, each counted as a touch and judged by
  a playbook that starts for one in ten. nginx answers 204 without reading what came, and so marks what HTTP alone costs here.
- **Batches** are compared with rows of 300 bytes that Python hands to SQLite in time order. Python takes part of that time, so
  this roofline is lower than that of a program in C.
- **Commits** are counted by the program (\`nurtured_batches_total\`); each is one fdatasync of the WAL, checkpoints aside.
- **Event to mail** runs ${mailCount.toLocaleString('en')} contacts from the HTTP call to the mail server's last acceptance, rendering included.
  nodemailer sends as many ready messages of the same size (8 KB) to the same server, which is a small one in Node that only counts.
- **Waiting contacts** have an address, a consent, an event and an enrollment that waits for 30 days; disk is the
  store with its history after a clean stop.

## What is not measured here

Timers fired against graphile-worker and BullMQ, webhooks against bare libcurl, the assembled stacks (n8n, BullMQ, graphile-worker) end to end,
p99 from due to decided, rule checks a second and simulated contact-days. CEL, Liquid and the store have benchmarks of their
own: \`bench/*_bench.cpp\`.
`;
  await mkdir(path.join(projectRoot, 'docs'), {recursive: true});
  await writeFile(path.join(projectRoot, 'docs/performance.md'), text);
}

const loadNow = () => os.loadavg()[0].toFixed(2);
const before = loadNow();
for (const part of [ingestSingle, ingestBatched, mail, waiting]) await part();
console.log(table());
console.log(`\nload average ${before} before, ${loadNow()} after; medians of ${rounds} rounds (least–most)`);
if (write) await document({before, after: loadNow()});
