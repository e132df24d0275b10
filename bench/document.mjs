// docs/performance.md and the table in it.
import {execFileSync} from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import {readFileSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';

import {projectRoot} from '../tests/e2e/daemon.mjs';

import {here, quietness, rounds, rows, seconds, short} from './measure.mjs';
import {postgresVersion} from './services.mjs';

export function table() {
  const lines = ['| figure | nurtured | peer | ratio | goal |', '|---|---|---|---|---|'];
  for (const {what, product, peer, ratio, goal} of rows) lines.push(`| ${what} | ${product} | ${peer} | ${ratio} | ${goal} |`);
  return lines.join('\n');
}

export function disturbance() {
  const {rounds: all, disturbed} = quietness;
  if (disturbed === 0) return `Nothing else used more than a fifth of a core as any of the ${all} rounds began.`;
  return `Something else used more than a fifth of a core as ${disturbed} of the ${all} rounds began: the figures are rough. ` +
    'Run it again on a quiet machine before drawing conclusions.';
}

async function machine() {
  const says = (line) => execFileSync('/bin/sh', ['-c', `${line} 2>&1`], {encoding: 'utf8'}).trim();
  const redis = /v=(\S+)/.exec(says('redis-server --version'))[1];
  const packages = Object.entries(JSON.parse(readFileSync(here('package.json'), 'utf8')).dependencies)
    .map(([name, version]) => `${name} ${version}`);
  const programs = [says('/usr/sbin/nginx -v').replace('nginx version: ', ''), await postgresVersion(), `Redis ${redis}`,
    `Postfix ${says('/usr/sbin/postconf -h mail_version')}`, says('python3 --version'), `libcurl ${says('curl --version').split(' ')[1]}`];
  return `${os.cpus().length} cores (${os.cpus()[0].model}), ${Math.round(os.totalmem() / 2 ** 30)} GiB, Linux ${os.release()}.\n` +
    `Programs: ${programs.join(', ')}, Node ${process.version}.\nPackages: ${packages.join(', ')}.`;
}

export async function writeDocument(load) {
  const text = `# Performance

Written by \`script/bench${short ? ' --short --write' : ''}\`. A figure counts as a ratio taken in one run, product and peer in
turn: the median of ${rounds} rounds, with the least and the most. Absolute numbers only illustrate: they are those of this
machine on this day.

${table()}

Machine: ${await machine()}

${disturbance()} Load average: ${load.before} before, ${load.after} after.

## What is measured

- All promises are kept: WAL with \`synchronous=FULL\`, an answer only after the commit, deduplication, rules, decisions and
  counters recorded. The load generator, the receiver and the program share the cores, the peers' parts likewise. Each
  measurement starts its servers in a temporary folder and ends them before the next one.
- **End to end** is \`wrk\` with 64 clients for ${seconds} s after a warm-up: orders of about 500 bytes, each from the next of 50,000
  contacts, whose rule every one passes. The mails are counted by the receiver (\`bench/fast_sink.cpp\`), and the time is that
  from the first event to the last mail. Ours decides under all gates, renders text and HTML, records and delivers. The
  stacks are a web process in Node, a durable job, and a worker that renders 8 KB with Handlebars and sends by nodemailer's
  pool of 16. PostgreSQL runs with \`synchronous_commit=on\`; its event and job are one transaction. Redis runs with
  \`appendfsync everysec\`, so that its answer is not durable: up to a second of events is lost with the power.
- **Ingest** is \`wrk\` with one thread; events of about 400 bytes from 10,000 contacts, each counted as a touch and judged by
  a playbook that starts for one in ten. nginx answers 204 without reading what came, and so marks what HTTP alone costs
  here. graphile-worker adds jobs from within its process, without HTTP or a rule.
- **Batches** are compared with rows of 300 bytes that Python hands to SQLite in time order. Python takes part of that time,
  so this roofline is lower than that of a program in C.
- **Commits** are counted by the program (\`nurtured_batches_total\`); each is one fdatasync of the WAL, checkpoints aside.
- **Timers** are the engine and the store without HTTP (\`bench/timers_bench.cpp\`), on a virtual clock: timers that are due
  already are fired, each contact gets a tag, and its next timer is set for the next day. The queues only take their jobs
  and drop them: nothing is decided or set anew, and nothing else waits in them, both in the queues' favour.
- **From due to decided** is the daemon's own histogram (\`nurtured_due_seconds\`, which ends when the decision is on disk) of
  timers that fall due a millisecond apart.
- **Mails and webhooks** all fall due at one moment, so that ingest is no part of it; the time is from then to the last that
  the receiver took. smtp-sink counts for itself. The senders beside us send a ready message over and over.
- **Rule checks** are processor time on one core; twenty conditions are judged for each event, none of which fits. The
  roofline resolved names to slots when loading and then only compares.
- **CEL and Liquid** are processor time on one core, compiled once. No engine escapes what it prints.
- **Simulated contact-days** are \`nurtured simulate\` from start to end, reading its events and rendering each letter included:
  everybody gets one every third day and does something once a week.
- **Waiting contacts** have an address, a consent, an event and an enrollment that waits for 30 days; disk is the store with
  its history after a clean stop. Growth is processor time of the daemon.

## What is not measured here

n8n, on purpose: it takes half a gigabyte to install. PostgreSQL as our store, which this release does not have. Ten million
contacts: the longest run has one million.
`;
  await writeFile(path.join(projectRoot, 'docs/performance.md'), text);
}
