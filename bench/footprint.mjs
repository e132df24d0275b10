// What waiting costs: memory, disk, and the start beside many contacts who wait.
import path from 'node:path';
import {readdir, stat} from 'node:fs/promises';

import {Daemon, makeWorkspace} from '../tests/e2e/daemon.mjs';
import {settings} from '../tests/e2e/workspaces.mjs';

import {alone, count, cpuSeconds, eachRound, note, residentMiB, rounds, run, short, state, tell} from './measure.mjs';

const few = short ? 2_000 : 10_000;
const many = short ? 20_000 : 1_000_000;
const slice = short ? 1_000 : 5_000;

const workspace = {
  'nurtured.yaml': settings({connector: '{type: file, path: outbox}'}), 'events.yaml': 'events: {go: {}}\n',
  'playbooks/flow.yaml': 'start: {when: go}\nsteps:\n  - wait: 30d\n  - tag: patient\n',
};

const arrival = (n) => [
  {type: 'identify', userId: `u${n}`, traits: {email: `u${n}@example.net`, consent: {email: true}}},
  {type: 'track', userId: `u${n}`, event: 'go'},
];

async function readyMs(scope, folder) {
  const began = performance.now();
  const daemon = await Daemon.start(scope, folder);
  return {daemon, ms: performance.now() - began};
}

// The contacts from `from` on, a slice at a time: microseconds of the daemon's processor time for each contact.
async function costOfNext(daemon, from) {
  const costs = [];
  for (let n = 0; n < rounds; ++n) {
    const before = await cpuSeconds(daemon.pid);
    await tell(daemon, from + n * slice, from + (n + 1) * slice, arrival);
    costs.push((await cpuSeconds(daemon.pid) - before) / slice * 1e6);
  }
  return costs;
}

async function bytesOnDisk(folder) {
  let bytes = 0;
  for (const name of await readdir(folder)) if (name.startsWith('nurtured.db')) bytes += (await stat(path.join(folder, name))).size;
  return bytes;
}

const tableBytes = async (folder, table) => Number((await run('sqlite3',
  [path.join(folder, 'nurtured.db'), `SELECT sum(pgsize) FROM dbstat WHERE name = '${table}'`])).stdout);

export async function footprint() {
  await alone(async (scope) => {
    const folder = await makeWorkspace(scope, workspace);
    const empty = await eachRound('start, empty store', async (inner) => {
      const {ms, daemon} = await readyMs(inner, await makeWorkspace(inner, workspace));
      return {ms, idle: await residentMiB(daemon.pid)};
    });
    const {daemon} = await readyMs(scope, folder);
    await tell(daemon, 0, few, arrival);
    const cheap = await costOfNext(daemon, few);
    let waiting = few + rounds * slice;
    await tell(daemon, waiting, many, arrival);
    const dear = await costOfNext(daemon, many);
    waiting = many + rounds * slice;
    const loaded = await residentMiB(daemon.pid);
    await daemon.stop();
    note(`${count(waiting)} contacts wait`);
    const bytes = await bytesOnDisk(folder);
    const timerBytes = await tableBytes(folder, 'timers');
    const full = await eachRound('start, full store', async (inner) => {
      const next = await readyMs(inner, folder);
      const resident = await residentMiB(next.daemon.pid);
      await next.daemon.stop();
      return {ms: next.ms, resident};
    });
    const people = count(waiting);
    state('start to ready, empty store', empty.ms, 'ms');
    state(`… with ${people} contacts waiting`, full.ms, 'ms', '≤ 500 ms (1 M)');
    state('resident memory, idle', empty.idle, 'MiB', '≤ 20 MB');
    state(`… after ${people} contacts have come in and wait`, [loaded], 'MiB', '≤ 64 MB and the cache (1 M)');
    state(`… started anew with ${people} waiting`, full.resident, 'MiB', '≤ 64 MB and the cache (1 M)');
    state(`disk per waiting contact, all told (${people})`, [bytes / waiting], 'B', '≤ 600 B');
    state('disk per waiting timer, of that', [timerBytes / waiting], 'B', '≤ 120 B');
    state(`processor time to take a contact, ${count(many)} waiting against ${count(few)}`, dear.map((cost, n) => cost / cheap[n]), '×', '≤ 1.5');
  });
}
