// What the humans hear without asking, and an end that does not wait for a server that says nothing.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {createServer} from 'node:net';
import {test} from 'node:test';

import {Daemon, ask, command, eventually, makeWorkspace, writeFiles} from './daemon.mjs';
import {MailSink} from './sink.mjs';
import {message, person, settings, smtp} from './workspaces.mjs';

const playbook = 'start: {when: go}\nagain: always\nsteps:\n  - send: hello\n';
const broken = 'start: {when: go}\nsteps:\n  - sned: hello\n';

const workspace = (url, more = '') => ({
  'nurtured.yaml': settings({connector: smtp(url), more}),
  'events.yaml': 'events: {go: {}}\n',
  'playbooks/flow.yaml': playbook,
  'content/hello.md': message('value', 'Hello'),
});

// A mail server that takes a message and never answers for it.
async function silentServer(t) {
  const server = createServer((socket) => {
    let inData = false;
    socket.on('error', () => {});
    socket.write('220 silent.example.org\r\n');
    socket.on('data', (bytes) => {
      if (inData) return;
      for (const line of bytes.toString().split('\r\n').filter(Boolean)) {
        inData = /^DATA/i.test(line);
        socket.write(inData ? '354 go on\r\n' : '250 silent.example.org\r\n');
      }
      if (inData) server.emit('taken');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return server;
}

test('broken files are told to the humans, at a start and at a refused SIGHUP, and status says so', async (t) => {
  const sink = await MailSink.start(t);
  const files = workspace(sink.url, 'notify: {channel: email, to: boss@example.org}\n');
  const folder = await makeWorkspace(t, files);
  const daemon = await Daemon.start(t, folder);
  assert.equal((await ask(folder, 'status')).files_broken, false);
  await writeFiles(folder, {'playbooks/flow.yaml': broken});
  daemon.signalOnly('SIGHUP');
  await eventually('the alarm', () => sink.mails.length === 1);
  const first = await sink.parsed('boss@example.org');
  assert.match(first.subject, /^nurtured: reload refused/);
  assert.match(first.text, /playbooks\/flow\.yaml:3/);
  assert.equal(await daemon.metric('nurtured_files_broken'), 1);
  await daemon.stop();

  const next = await Daemon.start(t, folder);
  await eventually('the alarm of the start', () => sink.mails.length === 2);
  assert.match(sink.mails[1].source.toString(), /playbooks\/flow\.yaml:3/);
  assert.equal((await ask(folder, 'status')).files_broken, true);

  await writeFiles(folder, files);
  assert.equal((await command(folder, ['reload'])).status, 0);
  assert.equal((await ask(folder, 'status')).files_broken, false);
  assert.equal(await next.metric('nurtured_files_broken'), 0);
});

test('SIGTERM does not wait for a mail server that says nothing, and the next start is honest', {timeout: 120_000}, async (t) => {
  const server = await silentServer(t);
  const folder = await makeWorkspace(t, workspace(`smtp://127.0.0.1:${server.address().port}`));
  const daemon = await Daemon.start(t, folder);
  await daemon.take('identify', person('u1'));
  const taken = once(server, 'taken');
  await daemon.take('track', {userId: 'u1', event: 'go'});
  await taken;
  const begun = Date.now();
  assert.equal((await daemon.stop()).code, 0);
  assert.ok(Date.now() - begun < 40_000);
  await Daemon.start(t, folder);
  await eventually('the delivery to be uncertain',
    async () => (await ask(folder, 'delivery', 'list', '--state', 'uncertain')).deliveries?.length === 1);
});

test('a connector that stops is told once, by another one, and resume lets it try again', async (t) => {
  const sink = await MailSink.start(t);
  const folder = await makeWorkspace(t, {
    ...workspace(sink.url),
    'nurtured.yaml': `
store: sqlite:nurtured.db
http: {listen: "127.0.0.1:0", public_url: "https://t.example.org"}
connectors:
  mail: ${smtp(sink.url)}
  hook: {type: webhook, url: "http://127.0.0.1:9/", secret: s}
channels: {email: mail, app: hook}
limits: {per_day: 100, per_week: 100, min_gap: 0s, quiet: "00:00-00:00"}
notify: {channel: email, to: boss@example.org}
`,
    'playbooks/flow.yaml': `via: [app]\n${playbook}`,
  });
  const daemon = await Daemon.start(t, folder);
  for (const id of ['u1', 'u2']) {
    await daemon.take('identify', {userId: id, traits: {channels: {app: id}, consent: {app: true}}});
    await daemon.take('track', {userId: id, event: 'go'});
  }
  const told = await sink.parsed('boss@example.org');
  assert.match(told.text, /connector hook has stopped: .*allow_private.*nurtured resume hook/s);
  assert.equal(sink.mails.length, 1);
  assert.equal((await command(folder, ['resume', 'hook'])).status, 0);
});

test('what a notify step says is told once, also when a crash came between', async (t) => {
  const files = (url) => ({
    ...workspace(url, 'notify: {channel: email, to: boss@example.org}\n'),
    'playbooks/flow.yaml': 'start: {when: go}\nagain: always\nsteps:\n  - notify: "Hot lead {{ contact.id }}"\n',
  });
  const folder = await makeWorkspace(t, files('smtp://127.0.0.1:1'));
  const deaf = await Daemon.start(t, folder);
  await deaf.take('track', {userId: 'u1', event: 'go'});
  await deaf.kill();

  const sink = await MailSink.start(t);
  await writeFiles(folder, files(sink.url));
  const next = await Daemon.start(t, folder);
  assert.match((await sink.parsed('boss@example.org')).text, /Hot lead u1/);
  await next.take('track', {userId: 'u2', event: 'go'});
  await sink.parsed('Hot lead u2');
  await next.stop();

  const last = await Daemon.start(t, folder);
  await last.take('track', {userId: 'u3', event: 'go'});
  await sink.parsed('Hot lead u3');
  assert.equal(sink.mails.length, 3, 'nobody is told twice');
});
