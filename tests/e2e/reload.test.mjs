// Changing what runs: plan, reload, versions, pauses, and a start whose files or store are not as they should be.
import assert from 'node:assert/strict';
import path from 'node:path';
import {test} from 'node:test';

import {Daemon, ask, command, eventually, makeWorkspace, writeFiles} from './daemon.mjs';
import {MailSink} from './sink.mjs';
import {message, person, settings, smtp} from './workspaces.mjs';

const oneMessage = (name) => `start: {when: go}\nagain: always\nsteps:\n  - send: ${name}\n`;
const brokenPlaybook = 'start: {when: go}\nsteps:\n  - sned: first\n';

const workspace = (sinkUrl) => ({
  'nurtured.yaml': settings({connector: smtp(sinkUrl)}),
  'events.yaml': 'events: {go: {}, on: {}}\n',
  'playbooks/flow.yaml': oneMessage('first'),
  'content/first.md': message('value', 'First'),
  'content/second.md': message('value', 'Second'),
});

async function begin(t, more = {}) {
  const sink = await MailSink.start(t);
  const folder = await makeWorkspace(t, {...workspace(sink.url), ...more});
  const daemon = await Daemon.start(t, folder);
  return {sink, folder, daemon};
}

const go = async (daemon, id, event = 'go') => {
  await daemon.take('identify', person(id));
  await daemon.take('track', {userId: id, event});
};
const subjects = async (folder, id) => (await ask(folder, 'explain', id)).recent
  .filter(({state}) => state === 'departed').map(({message}) => message).reverse();
const mailTo = (sink, id, count = 1) => eventually(`${count} mails to ${id}`,
  () => sink.mails.filter(({to}) => to[0] === `${id}@example.net`).length >= count);

test('plan tells what would change and changes nothing; reload does it', async (t) => {
  const {sink, folder, daemon} = await begin(t);
  await writeFiles(folder, {'playbooks/flow.yaml': oneMessage('second'), 'playbooks/new.yaml': oneMessage('first').replace('go', 'on')});
  const {plan, applied} = await ask(folder, 'plan');
  assert.equal(applied, false);
  const changes = new Map(plan.playbooks.map(({id, playbook, change}) => [playbook ?? id, change]));
  assert.deepEqual(Object.fromEntries(changes), {flow: 'changed', new: 'added'});
  await go(daemon, 'before');
  await mailTo(sink, 'before');
  assert.deepEqual(await subjects(folder, 'before'), ['first']);

  assert.equal((await command(folder, ['reload'])).status, 0);
  await go(daemon, 'after');
  await mailTo(sink, 'after');
  assert.deepEqual(await subjects(folder, 'after'), ['second']);
});

test('a reload of broken files says where, ends with 1 and changes nothing', async (t) => {
  const {sink, folder, daemon} = await begin(t);
  await writeFiles(folder, {'playbooks/flow.yaml': brokenPlaybook, 'content/first.md': message('value', 'Changed')});
  const {status, stdout, stderr} = await command(folder, ['reload']);
  assert.equal(status, 1);
  assert.match(stdout + stderr, /playbooks\/flow\.yaml:3:\d+: error: .*sned/);
  await go(daemon, 'still');
  assert.equal((await sink.parsed('still@example.net')).subject, 'First');

  daemon.signalOnly('SIGHUP');
  await eventually('SIGHUP to be refused too', () => /reload refused/.test(daemon.log));
  assert.ok(daemon.alive);
});

test('a start with broken files runs the applied book and says so', async (t) => {
  const {sink, folder, daemon} = await begin(t);
  await daemon.stop();
  await writeFiles(folder, {'playbooks/flow.yaml': brokenPlaybook, 'content/first.md': '---\nkind: nonsense\n---\n'});
  const next = await Daemon.start(t, folder);
  assert.match(next.log, /playbooks\/flow\.yaml:3/);
  assert.equal(await next.metric('nurtured_files_broken'), 1);
  await go(next, 'night');
  assert.equal((await sink.parsed('night@example.net')).subject, 'First');

  await writeFiles(folder, workspace(sink.url));
  assert.equal((await command(folder, ['reload'])).status, 0);
  assert.equal(await next.metric('nurtured_files_broken'), 0);
});

test('somebody inside finishes on the version that they began with', async (t) => {
  const flow = (name) => `start: {when: go}\nsteps:\n  - wait_for: on\n    within: 7d\n  - send: ${name}\n`;
  const {sink, folder, daemon} = await begin(t, {'playbooks/flow.yaml': flow('first')});
  await go(daemon, 'old');
  await writeFiles(folder, {'playbooks/flow.yaml': flow('second')});
  assert.equal((await command(folder, ['plan', '--apply'])).status, 0);
  await go(daemon, 'young');
  const standing = (await ask(folder, 'enrollment', 'list')).standing;
  assert.equal(new Set(standing.map(({version}) => version)).size, 2, JSON.stringify(standing));
  assert.deepEqual(standing.map(({people}) => people), [1, 1]);

  await daemon.stop();  // the former version must outlast the process too
  const next = await Daemon.start(t, folder);
  for (const id of ['old', 'young']) {
    await next.take('track', {userId: id, event: 'on'});
    await mailTo(sink, id);
  }
  assert.deepEqual(await subjects(folder, 'old'), ['first']);
  assert.deepEqual(await subjects(folder, 'young'), ['second']);
});

test('a pause holds, outlasts a restart, and lets go', async (t) => {
  const {sink, folder, daemon} = await begin(t);
  assert.equal((await command(folder, ['pause'])).status, 0);
  await go(daemon, 'patient');
  await daemon.stop();
  const next = await Daemon.start(t, folder);
  await go(next, 'other');
  assert.equal((await ask(folder, 'status')).paused.all, true);
  assert.equal(sink.mails.length, 0);
  assert.equal((await command(folder, ['resume'])).status, 0);
  await mailTo(sink, 'patient');
  await mailTo(sink, 'other');
});

test('signing keys change with a reload, and links that were sent before there were any go on working', async (t) => {
  const {sink, folder, daemon} = await begin(t);
  const statusOf = async (its, {source}) => {
    const [, link] = /List-Unsubscribe: <https:\/\/t\.example\.org([^>]+)>/.exec(source.toString());
    return (await fetch(its.url + link)).status;
  };
  const useKeys = async (...keys) => {
    await writeFiles(folder, {'nurtured.yaml': settings({connector: smtp(sink.url), more: `keys: {sign: [${keys.join(', ')}]}\n`})});
    assert.equal((await command(folder, ['reload'])).status, 0);
  };
  const mailUnder = async (id) => {
    await go(daemon, id);
    await mailTo(sink, id);
    return sink.mails.at(-1);
  };
  const unsigned = await mailUnder('none');
  await useKeys('"first"');
  const first = await mailUnder('one');
  await useKeys('"second"', '"first"');
  const second = await mailUnder('two');
  for (const mail of [unsigned, first, second]) assert.equal(await statusOf(daemon, mail), 200);
  await useKeys('"second"');
  assert.deepEqual([await statusOf(daemon, unsigned), await statusOf(daemon, first), await statusOf(daemon, second)], [200, 404, 200]);
});

test('an edited store does not hide the running daemon', async (t) => {
  const {folder, daemon, sink} = await begin(t);
  await go(daemon, 'known');
  await mailTo(sink, 'known');
  await writeFiles(folder, {'nurtured.yaml': settings({connector: smtp(sink.url)}).replace('nurtured.db', 'other.db')});
  const {status, stdout, stderr} = await command(folder, ['contact', 'show', 'known']);
  assert.equal(status, 0, stdout + stderr);
  assert.match(stderr, /another store/);
  assert.match((await ask(folder, 'status')).store, /nurtured\.db$/);
  await daemon.stop();
  assert.equal((await command(folder, ['contact', 'show', 'known'])).status, 1, 'the other store is empty');
});

test('two daemons on one store: the second refuses, the first runs on', async (t) => {
  const {sink, folder, daemon} = await begin(t);
  const second = Daemon.spawn(folder);
  t.after(() => second.kill());
  assert.equal((await second.ended()).code, 1);
  assert.match(second.log, /daemon|in use|lock/i);
  await go(daemon, 'first');
  await mailTo(sink, 'first');
});

test('a restored backup starts paused and knows who has left since', async (t) => {
  const {sink, folder, daemon} = await begin(t);
  await go(daemon, 'before');
  await mailTo(sink, 'before');
  const file = path.join(folder, 'saved.db');
  assert.equal((await command(folder, ['backup', file])).status, 0);

  await go(daemon, 'before', 'go');  // a second mail, after the backup
  await mailTo(sink, 'before', 2);
  assert.equal((await command(folder, ['contact', 'suppress', 'before'])).status, 0);
  assert.equal((await command(folder, ['restore', file])).status, 1, 'refused while the daemon runs');
  await daemon.stop();
  const {status, stdout, stderr} = await command(folder, ['restore', file]);
  assert.equal(status, 0, stdout + stderr);

  const next = await Daemon.start(t, folder);
  assert.equal((await ask(folder, 'status')).paused.all, true);
  assert.notEqual((await ask(folder, 'contact', 'show', 'before')).suppression, null);
  assert.equal((await command(folder, ['resume'])).status, 0);
  await go(next, 'late');
  await mailTo(sink, 'late');
  const twice = sink.mails.map(({messageId}) => messageId);
  assert.equal(new Set(twice).size, twice.length, 'nothing that had left is sent again');
});
