// A disk that is full, and one that fails to sync: the caller is told, nothing is promised that is not kept.
import assert from 'node:assert/strict';
import {execFile, execFileSync} from 'node:child_process';
import {mkdtemp, rm, rmdir, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {promisify} from 'node:util';

import {Daemon, ask, eventually, makeWorkspace} from './daemon.mjs';
import {settings} from './workspaces.mjs';

const run = promisify(execFile);
const tmpfsKib = 4096;

const workspace = (store) => ({
  'nurtured.yaml': settings({connector: '{type: file, path: outbox}'}).replace('sqlite:nurtured.db', `sqlite:${store}`),
  'events.yaml': 'events: {load: {}}\n',
  'playbooks/tag.yaml': 'start: {when: load}\nsteps:\n  - tag: seen\n',
});

// A folder on a file system of its own, or undefined where that is not permitted.
async function smallDisk(t) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'nurtured-e2e-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${tmpfsKib}k`, 'tmpfs', folder]);
  } catch {
    await rmdir(folder);
    return undefined;
  }
  t.after(async () => {
    await run('umount', ['-l', folder]);
    await rmdir(folder);
  });
  return folder;
}

const body = (n) => ({userId: 'full', event: 'load', messageId: `d${n}`, properties: {pad: 'x'.repeat(20_000)}});
const counted = async (folder) => (await ask(folder, 'contact', 'show', 'full')).events.load;

test('a full disk is a 503, and what fits again is taken again', {timeout: 120_000}, async (t) => {
  const disk = await smallDisk(t);
  if (!disk) return t.skip('needs the right to mount a tmpfs');
  const folder = await makeWorkspace(t, workspace(path.join(disk, 'nurtured.db')));
  const ballast = path.join(disk, 'ballast');
  await writeFile(ballast, Buffer.alloc(1 << 20));
  const daemon = await Daemon.start(t, folder);

  let taken = 0;
  let refused;
  for (let n = 0; n < 1000 && !refused; ++n) {
    const answer = await daemon.post('track', body(n));
    await answer.text();
    if (answer.status === 200) taken += 1;
    else refused = {n, status: answer.status, retryAfter: answer.headers.get('retry-after')};
  }
  assert.equal(refused?.status, 503, `${taken} were taken`);
  assert.ok(Number(refused.retryAfter) > 0);
  assert.ok(taken > 0);
  assert.ok(daemon.alive, daemon.log);
  assert.equal((await fetch(`${daemon.url}/readyz`)).status, 503);

  await rm(ballast);
  await eventually('the refused event to be taken', async () => {
    const answer = await daemon.post('track', body(refused.n));
    await answer.text();
    return answer.status === 200;
  });
  await eventually('the daemon to be ready again', async () => (await fetch(`${daemon.url}/readyz`)).ok);
  assert.equal(await counted(folder), taken + 1);

  await daemon.kill();
  await Daemon.start(t, folder);
  assert.equal(await counted(folder), taken + 1, 'what was acknowledged is there after a crash');
});

function straceWorks() {
  try {
    execFileSync('strace', ['-qq', '-e', 'trace=none', 'true'], {stdio: 'ignore'});
    return true;
  } catch {
    return false;
  }
}

// SQLite syncs by fdatasync, or by fsync where it was built without it.
test('a failed sync ends the process, and what was acknowledged is there', {timeout: 120_000}, async (t) => {
  if (!straceWorks()) return t.skip('needs strace and the right to trace');
  const folder = await makeWorkspace(t, workspace('nurtured.db'));
  const first = await Daemon.start(t, folder);
  let taken = 0;
  for (; taken < 20; ++taken) await first.take('track', body(taken));
  await first.stop();

  const inject = 'inject=fdatasync,fsync:error=EIO:when=12+';
  const daemon = Daemon.spawn(folder, {wrapper: ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync,fsync', '-e', inject]});
  t.after(() => daemon.kill());
  const port = await eventually('the daemon to listen or end',
    () => /listening on 127\.0\.0\.1:(\d+)/.exec(daemon.log)?.[1] ?? (!daemon.alive && 'ended'));
  assert.notEqual(port, 'ended', daemon.log);
  daemon.url = `http://127.0.0.1:${port}`;
  let unanswered = 0;
  for (let n = 100; daemon.alive && n < 200; ++n) {
    const answer = await daemon.post('track', body(n)).catch(() => undefined);
    if (answer?.status === 200) taken += 1;
    else {
      unanswered += 1;
      break;
    }
  }
  assert.equal(unanswered, 1);
  const {code} = await daemon.ended();
  assert.notEqual(code, 0);
  assert.match(daemon.log, /the store failed/);

  await Daemon.start(t, folder);
  const events = await counted(folder);
  assert.ok(events === taken || events === taken + 1, `${events} are there, ${taken} were acknowledged`);
});
