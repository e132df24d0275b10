// The released program under test: workspaces in folders of their own, daemons on free ports, commands, and waiting for
// conditions instead of sleeping.
import {execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
export const binary = path.resolve(projectRoot, process.env.NURTURED_BINARY ?? 'build/release/nurtured');

const startDeadlineMs = 30_000;
const stopDeadlineMs = 40_000;
const conditionDeadlineMs = 30_000;
const pollMs = 5;

// Which daemon runs on which workspace. None may outlive a test file that broke off.
const running = new Map();
process.on('exit', () => running.forEach((_, daemon) => daemon.signalOnly('SIGKILL')));

// Waits until `probe` returns something true and hands it back; fails with `what` after the deadline.
export async function eventually(what, probe, deadlineMs = conditionDeadlineMs) {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${deadlineMs} ms in vain: ${typeof what === 'function' ? what() : what}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

// What several tests share, given where a test is asked for: it ends when the suite says so, last thing first.
export class Scope {
  #endings = [];
  after(ending) { this.#endings.unshift(ending); }
  async end() { for (const ending of this.#endings) await ending(); }
}

// A folder that is removed after test `t`.
export async function temporaryFolder(t) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'nurtured-e2e-'));
  t.after(async () => {
    for (const [daemon, its] of running) if (its === folder) await daemon.kill();  // whoever's turn it is first
    await rm(folder, {recursive: true, force: true});
  });
  return folder;
}

// Writes files, {'playbooks/a.yaml': text, …}, below `folder`.
export async function writeFiles(folder, files) {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), {recursive: true});
    await writeFile(file, text);
  }
}

export async function makeWorkspace(t, files) {
  const folder = await temporaryFolder(t);
  await writeFiles(folder, files);
  return folder;
}

// Runs one command on a workspace. {status, stdout, stderr}; never throws for a status.
export function command(folder, args, {input = '', env = {}} = {}) {
  return new Promise((resolve, reject) => {
    const child = execFile(
      binary, ['--config', folder, ...args],
      {maxBuffer: 1 << 28, timeout: startDeadlineMs * 4, env: {...process.env, ...env}},
      (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') return reject(error);
        resolve({status: error ? error.code : 0, stdout, stderr});
      });
    child.stdin.on('error', () => {});  // a command that reads nothing may be gone already
    child.stdin.end(input);
  });
}

// The bytes of a request to one of our servers; null where its sender ended in the middle, as one that is killed does: then
// nothing was asked.
export async function bodyOf(request) {
  const chunks = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch (error) {
    if (error.code !== 'ECONNRESET') throw error;
    return null;
  }
  return Buffer.concat(chunks);
}

// The answer of a command with `--format json`; fails unless it ends well.
export async function ask(folder, ...args) {
  const {status, stdout, stderr} = await command(folder, [...args, '--format', 'json']);
  if (status !== 0) throw new Error(`nurtured ${args.join(' ')}: exit status ${status}\n${stdout}${stderr}`);
  return JSON.parse(stdout);
}

export class Daemon {
  #child;
  #ended;
  log = '';
  url = '';

  // Starts one and returns it when it answers that it is ready. `wrapper` is a command that runs it, such as strace. The
  // workspace listens on "127.0.0.1:0"; the log tells the port.
  static async start(t, folder, options = {}) {
    const daemon = Daemon.spawn(folder, options);
    t?.after(() => daemon.kill());
    await daemon.#untilReady();
    return daemon;
  }

  // Starts one that may well refuse: see ended().
  static spawn(folder, {wrapper = [], env = {}} = {}) {
    const daemon = new Daemon();
    const [file, ...args] = [...wrapper, binary, '--config', folder, 'run'];
    const child = spawn(file, args, {stdio: ['ignore', 'ignore', 'pipe'], env: {...process.env, ...env}});
    running.set(daemon, folder);
    child.unref();  // a test that broke off must not wait for it
    child.stderr.unref();
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text) => { daemon.log += text; });
    daemon.#child = child;
    daemon.#ended = once(child, 'close').then(([code, signal]) => {
      running.delete(daemon);
      return {code, signal};
    });
    return daemon;
  }

  get pid() { return this.#child.pid; }
  get alive() { return this.#child.exitCode === null && this.#child.signalCode === null; }

  async #untilReady() {
    await eventually(() => `the daemon to be ready\n${this.log}`, async () => {
      if (!this.alive) throw new Error(`the daemon ended\n${this.log}`);
      const port = /listening on 127\.0\.0\.1:(\d+)/.exec(this.log)?.[1];
      if (!port) return false;
      this.url = `http://127.0.0.1:${port}`;
      return fetch(`${this.url}/readyz`).then((answer) => answer.ok, () => false);
    }, startDeadlineMs);
  }

  // {code, signal} of the process, once it has ended.
  async ended(deadlineMs = stopDeadlineMs) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the daemon did not end\n${this.log}`)), deadlineMs);
    });
    return Promise.race([this.#ended, late]).finally(() => clearTimeout(timer));
  }
  signalOnly(name) { this.#child.kill(name); }
  signal(name) {
    this.signalOnly(name);
    return this.ended();
  }
  stop() { return this.signal('SIGTERM'); }
  async kill() { if (this.alive) await this.signal('SIGKILL'); }

  // Posts one Segment call, such as post('track', {…}).
  post(call, body, headers = {}) {
    return fetch(`${this.url}/v1/${call}`,
      {method: 'POST', headers: {'Content-Type': 'application/json', ...headers}, body: JSON.stringify(body)});
  }
  // The same, and it must be taken.
  async take(call, body, headers = {}) {
    const answer = await this.post(call, body, headers);
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`${call}: ${answer.status} ${text}`);
  }

  // One figure of /metrics, its series added up.
  async metric(name) {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    let sum = 0;
    for (const [, value] of text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))) sum += Number(value);
    return sum;
  }
}
