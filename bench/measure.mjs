// What every part of the benchmark shares: rounds, rows of the table, the load generator, receivers that count, and
// programs that are started for one round and ended after it.
import {execFile, fork, spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFile, readdir} from 'node:fs/promises';
import {createServer} from 'node:net';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {promisify} from 'node:util';

import {Scope, binary, eventually, projectRoot} from '../tests/e2e/daemon.mjs';

export const run = promisify(execFile);
export const short = process.argv.includes('--short');
export const rounds = short ? 3 : 5;
export const seconds = short ? 2 : 5;  // of each load by wrk
export const here = (name) => path.join(projectRoot, 'bench', name);
// The C++ programs of bench/ lie beside the released program.
export const built = (name) => path.join(path.dirname(binary), name);
export const count = (value) => value.toLocaleString('en');
export const note = (text) => process.stderr.write(`${text}\n`);

export const rows = [];  // {what, product, peer, ratio, goal}: the table's texts

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const figure = (value) => (Math.abs(value) >= 100 ? count(Math.round(value)) : value.toPrecision(3));
const spread = (list) =>
  (list.length === 1 ? figure(list[0]) : `${figure(median(list))} (${figure(Math.min(...list))}–${figure(Math.max(...list))})`);

// Runs `measure(scope)` with nothing of another measurement beside it: what it started ends before this returns.
export async function alone(measure) {
  const scope = new Scope();
  try {
    return await measure(scope);
  } finally {
    await scope.end();
  }
}

// How many rounds there were, and in how many of them something else had more than a fifth of a core as they began.
export const quietness = {rounds: 0, disturbed: 0};
const quietShare = 0.2;
const quietWaitMs = short ? 0 : 60_000;

async function busyTicks() {
  const [, user, nice, system, , , irq, softirq, steal] = (await readFile('/proc/stat', 'utf8')).split('\n', 1)[0].split(/ +/).map(Number);
  return user + nice + system + irq + softirq + steal;
}

// Waits until nothing else wants the cores, but not for ever.
async function quiet() {
  const deadline = Date.now() + quietWaitMs;
  const sampleMs = short ? 200 : 1000;
  quietness.rounds += 1;
  for (;;) {
    const before = await busyTicks();
    await new Promise((resolve) => { setTimeout(resolve, sampleMs); });
    if ((await busyTicks() - before) * 10 / sampleMs <= quietShare) return;
    if (Date.now() < deadline) continue;
    quietness.disturbed += 1;
    return;
  }
}

// Runs `measure(scope)` once a round. What it returns, {name: figure}, comes back as {name: [a figure a round]}.
export async function eachRound(what, measure) {
  const results = [];
  for (let n = 0; n < rounds; ++n) {
    await quiet();
    results.push(await alone(measure));
    note(`${what} ${n + 1}/${rounds}: ${JSON.stringify(results.at(-1))}`);
  }
  return Object.fromEntries(Object.keys(results[0]).map((key) => [key, results.map((result) => result[key])]));
}

// Adds a row: the median of the rounds' own ratios, beside the figures. `lower`: of times, where less is better.
export function compare(what, product, peer, peerName, unit, goal, {lower = false} = {}) {
  const ratios = product.map((value, n) => (lower ? peer[n] / value : value / peer[n]));
  rows.push({what, product: `${spread(product)} ${unit}`, peer: `${spread(peer)} ${unit}, ${peerName}`,
    ratio: median(ratios).toPrecision(2), goal});
}
export const state = (what, product, unit, goal = '') => rows.push({what, product: `${spread(product)} ${unit}`, peer: '', ratio: '', goal});

export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const {port} = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

// Starts a program that ends with the scope, by `signal`. A program that ended by itself before is a failure.
export function start(scope, file, args, {signal = 'SIGTERM', ...options} = {}) {
  const child = spawn(file, args, {stdio: 'ignore', ...options});
  endWith(scope, child, signal);
  return child;
}

function endWith(scope, child, signal) {
  const gone = once(child, 'close').catch((error) => note(`${child.spawnfile}: ${error.message}`));
  // Nothing of ours outlives a run that breaks off.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  scope.after(async () => {
    process.off('exit', kill);
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await gone;
  });
}

// Starts one of bench/peers' programs in Node and returns what it says first, once it is ready.
export async function startPeer(scope, name, ...args) {
  const child = fork(here(`peers/${name}`), args.map(String));
  endWith(scope, child, 'SIGTERM');
  const ended = once(child, 'exit').then(([code]) => { throw new Error(`${name} ended with ${code}`); });
  ended.catch(() => {});  // when it ends with its scope
  const [ready] = await Promise.race([once(child, 'message'), ended]);
  return ready;
}

// Runs one of bench/peers' programs to its end and returns the JSON it prints.
export async function askPeer(name, ...args) {
  const {stdout} = await run(process.execPath, [here(`peers/${name}`), ...args.map(String)]);
  return JSON.parse(stdout);
}

// A child that answers each line of its stdin with one of its stdout.
export async function startDialogue(scope, file, ...args) {
  const child = start(scope, file, args.map(String), {stdio: ['pipe', 'pipe', 'inherit']});
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
  const read = async () => {
    const {value, done} = await lines.next();
    if (done) throw new Error(`${path.basename(file)} ended`);
    return value;
  };
  return {
    first: await read(),
    async ask(line) {
      child.stdin.write(`${line}\n`);
      return read();
    },
  };
}

// A receiver of mails or of POSTs that counts; see bench/fast_sink.cpp.
export async function fastSink(scope, protocol) {
  const sink = await startDialogue(scope, built('fast_sink'), protocol);
  return {
    port: Number(sink.first.split(' ')[1]),
    reset: () => sink.ask('reset'),
    async taken() {
      const [taken, last] = (await sink.ask('count')).split(' ').map(Number);
      return {taken, last};
    },
  };
}

// The moment at which the receiver took the last of `expected`, milliseconds since the epoch.
export async function allTaken(sink, expected, deadlineMs = 300_000) {
  let now = {taken: 0};
  await eventually(() => `${expected} deliveries, ${now.taken} came`, async () => {
    now = await sink.taken();
    return now.taken >= expected;
  }, deadlineMs);
  if (now.taken > expected) throw new Error(`${now.taken} deliveries came where ${expected} were meant`);
  return now.last;
}

// {rate, p99ms, answered} of `clients` connections that send what bench/SCRIPT makes, for some seconds.
export async function wrk(url, clients, {script = 'ingest.lua', batch = 0, forSeconds = seconds} = {}) {
  const {stdout} = await run('wrk', ['-t1', `-c${clients}`, `-d${forSeconds}s`, '--latency', '-s', here(script), url],
    {env: {...process.env, BATCH: String(batch)}});
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1];
  if (bad) throw new Error(`${bad} requests were refused\n${stdout}`);
  const [, p99, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout);
  return {rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]), p99ms: Number(p99) * {us: 0.001, ms: 1, s: 1000}[unit]};
}

// Sends `from` to `until`: batches of Segment calls made by `calls(number)`, by eight callers at once.
export async function tell(daemon, from, until, calls) {
  let next = from;
  const caller = async () => {
    while (next < until) {
      const batch = [];
      for (const end = Math.min(next + 50, until); next < end; ++next) batch.push(...calls(next));
      await daemon.take('batch', {batch});
    }
  };
  await Promise.all(Array.from({length: 8}, caller));
}

export const residentMiB = async (pid) => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

// Processor time that a process's threads have used, in seconds.
export async function cpuSeconds(pid) {
  let nanoseconds = 0;
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    nanoseconds += Number((await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')).split(' ')[0]);
  }
  return nanoseconds / 1e9;
}
