// The connectors that need no provider, from an event to what a person or a program finds.
import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';
import {once} from 'node:events';
import {readFile, readdir} from 'node:fs/promises';
import {createServer} from 'node:http';
import path from 'node:path';
import {test} from 'node:test';

import {simpleParser} from 'mailparser';

import {Daemon, ask, bodyOf, command, eventually, makeWorkspace, projectRoot, writeFiles} from './daemon.mjs';
import {message, person, settings} from './workspaces.mjs';

const workspace = (connector, channel) => ({
  'nurtured.yaml': settings({connector, channel}),
  'events.yaml': 'events: {go: {}}\n',
  'playbooks/flow.yaml': 'start: {when: go}\nsteps:\n  - send: hello\n',
  'content/hello.md': message('value', 'Hello {{ contact.first_name }}', '**Good** morning.'),
});

test('file writes a mail that a mail program can open, and a page that lists it', {timeout: 60_000}, async (t) => {
  const folder = await makeWorkspace(t, workspace('{type: file, path: outbox}'));
  const daemon = await Daemon.start(t, folder);
  await daemon.take('identify', person('f1', {firstName: 'Фёдор'}));
  await daemon.take('track', {userId: 'f1', event: 'go'});
  const outbox = path.join(folder, 'outbox');
  const file = await eventually('a file',
    async () => (await readdir(outbox).catch(() => [])).find((name) => name.endsWith('.eml')));
  const mail = await simpleParser(await readFile(path.join(outbox, file)));
  assert.equal(mail.subject, 'Hello Фёдор');
  assert.equal(mail.to.text, 'f1@example.net');
  assert.match(mail.html, /<strong>Good<\/strong>/);
  const index = await eventually('the page', () => readFile(path.join(outbox, 'index.html'), 'utf8').catch(() => ''));
  assert.ok(index.includes(file));
});

test('the checklist of the expert sample comes with the mail', {timeout: 60_000}, async (t) => {
  const sample = (file) => readFile(path.join(projectRoot, 'config/examples/expert', file), 'utf8');
  const files = workspace('{type: file, path: outbox}');
  const folder = await makeWorkspace(t, {
    ...files,
    'content/hello.md': message('value', 'Hello').replace('---\nkind', '---\nattach: [files/checklist.txt]\nkind'),
    'files/checklist.txt': await sample('files/checklist.txt'),
  });
  const daemon = await Daemon.start(t, folder);
  await daemon.take('identify', person('f1'));
  await daemon.take('track', {userId: 'f1', event: 'go'});
  const outbox = path.join(folder, 'outbox');
  const file = await eventually('a file',
    async () => (await readdir(outbox).catch(() => [])).find((name) => name.endsWith('.eml')));
  const {attachments} = await simpleParser(await readFile(path.join(outbox, file)));
  assert.deepEqual(attachments.map(({filename, contentType}) => [filename, contentType]), [['checklist.txt', 'text/plain']]);
  assert.equal(attachments[0].content.toString(), await sample('files/checklist.txt'));

  await daemon.stop();
  await writeFiles(folder, {'playbooks/flow.yaml': 'start: {when: go}\nsteps:\n  - sned: hello\n'});
  const next = await Daemon.start(t, folder);
  assert.equal(await next.metric('nurtured_files_broken'), 1, 'the applied book runs, attachments and all');
});

// A receiver that does not answer the first request, so that it must be repeated.
async function receiver(t) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const body = (await bodyOf(request)).toString();
    requests.push({headers: request.headers, body});
    response.writeHead(requests.length === 1 ? 503 : 200, requests.length === 1 ? {'Retry-After': '1'} : {}).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {requests, url: `http://127.0.0.1:${server.address().port}/hook`};
}

test('webhook signs, and repeats what was refused under the same key', {timeout: 60_000}, async (t) => {
  const {requests, url} = await receiver(t);
  const secret = 'a secret of the two';
  const folder = await makeWorkspace(t,
    workspace(`{type: webhook, url: "${url}", secret: "${secret}", allow_private: true}`, 'app'));
  const daemon = await Daemon.start(t, folder);
  await daemon.take('identify', person('h1', {firstName: 'Hanna', channels: {app: 'device-1'}, consent: {app: true}}));
  await daemon.take('track', {userId: 'h1', event: 'go'});
  await eventually('two requests', () => requests.length >= 2);
  const [first, second] = requests;
  assert.equal(first.headers['idempotency-key'], second.headers['idempotency-key']);
  const content = ({body}) => ({...JSON.parse(body), sent_at: undefined});
  assert.deepEqual(content(first), content(second));
  const {headers} = second;
  const expected = createHmac('sha256', secret)
    .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${second.body}`).digest('base64');
  assert.equal(headers['webhook-signature'], `v1,${expected}`);
  assert.ok(second.body.includes('device-1'));
});

// A CRM that gives each lead a number, and the same one to a call that comes again.
async function crm(t, answer) {
  const requests = [];
  const leads = new Map();
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    if (body === null) return;
    const key = request.headers['idempotency-key'];
    requests.push({key, call: JSON.parse(body)});
    if (!leads.has(key)) leads.set(key, {id: `L-${leads.size + 1}`});
    answer(response, leads.get(key), requests.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {requests, leads, url: `http://127.0.0.1:${server.address().port}/in`};
}

const calling = (url) => ({
  'nurtured.yaml': settings({connector: '{type: file, path: outbox}'}).replace('connectors:\n',
    `connectors:\n  crm: {type: webhook, url: "${url}", allow_private: true}\n`),
  'events.yaml': 'events: {go: {}}\n',
  'playbooks/flow.yaml': 'start: {when: go}\nsteps:\n'
    + '  - do: crm.post\n    with: {name: "{{ contact.first_name }}", score: "=contact.score"}\n    save: lead\n'
    + '  - set: {crm_id: "=enrollment.lead.id"}\n  - do: out.write\n    with: {lead: "=enrollment.lead.id"}\n',
});

const leadOf = async (folder, id) => (await ask(folder, 'contact', 'show', id)).attributes.crm_id;

test('a step calls another system, and what comes back is the contact\'s', {timeout: 60_000}, async (t) => {
  const {requests, url} = await crm(t, (response, lead, count) => {
    if (count === 1) response.writeHead(503, {'Retry-After': '1'}).end();
    else response.writeHead(200).end(JSON.stringify(lead));
  });
  const folder = await makeWorkspace(t, calling(url));
  const daemon = await Daemon.start(t, folder);
  await daemon.take('identify', person('f1', {firstName: 'Фёдор'}));
  await daemon.take('track', {userId: 'f1', event: 'go'});
  await eventually('the lead', async () => await leadOf(folder, 'f1') === 'L-1');
  assert.equal(requests.length, 2, 'once put off, once done');
  assert.equal(requests[0].key, requests[1].key);
  const {call} = requests[1];
  assert.deepEqual([call.do, call.with, call.contact, call.playbook, call.step],
    ['post', {name: 'Фёдор', score: 0}, 'f1', 'flow', 'do:crm.post']);
  const outbox = path.join(folder, 'outbox');
  const file = await eventually('a file',
    async () => (await readdir(outbox).catch(() => [])).find((name) => name.endsWith('.json') && name !== 'index.json'));
  assert.deepEqual(JSON.parse(await readFile(path.join(outbox, file))), {lead: 'L-1'});
});

test('kill -9 while the other system answers: it is asked again under the same key', {timeout: 60_000}, async (t) => {
  let isSilent = true;
  const {requests, leads, url} = await crm(t, (response, lead) => {
    if (!isSilent) response.writeHead(200).end(JSON.stringify(lead));
  });
  const folder = await makeWorkspace(t, calling(url));
  const daemon = await Daemon.start(t, folder);
  await daemon.take('identify', person('k1'));
  await daemon.take('track', {userId: 'k1', event: 'go'});
  await eventually('the call', () => requests.length === 1);
  await daemon.kill();
  isSilent = false;
  await Daemon.start(t, folder);
  await eventually('the lead', async () => await leadOf(folder, 'k1') === 'L-1');
  assert.equal(leads.size, 1);
});

test('what the other system refuses waits for a human, who has it asked again', {timeout: 60_000}, async (t) => {
  let isRefusing = true;
  const {url} = await crm(t, (response, lead) => {
    if (isRefusing) response.writeHead(422).end();
    else response.writeHead(200).end(JSON.stringify(lead));
  });
  const folder = await makeWorkspace(t, calling(url));
  const daemon = await Daemon.start(t, folder);
  await daemon.take('identify', person('r1'));
  await daemon.take('track', {userId: 'r1', event: 'go'});
  const parked = await eventually('the parked one', async () =>
    (await ask(folder, 'enrollment', 'list', '--parked')).enrollments[0]);
  assert.equal(parked.parked_reason, 'crm.post: 422 HTTP 422');
  isRefusing = false;
  assert.equal((await command(folder, ['enrollment', 'retry', 'r1', String(parked.number)])).status, 0);
  await eventually('the lead', async () => /^L-/.test(await leadOf(folder, 'r1')));
});
