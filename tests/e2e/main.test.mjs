// The sentence that the program is made for: "after checklist download, send webinar invite in 2 days", from an
// unmodified Segment SDK to a real mail server.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {Analytics} from '@segment/analytics-node';

import {Daemon, ask, command, eventually, makeWorkspace} from './daemon.mjs';
import {MailSink} from './sink.mjs';
import {checklistEvent, message, settings, smtp} from './workspaces.mjs';

const playbook = (wait) => `title: After checklist download, send webinar invite in ${wait}
start: {when: checklist.downloaded}
again: always
steps:
  - wait: ${wait}
  - send: webinar-invite
`;

const invite = `---
kind: value
subject: "{{ contact.first_name }}, three mistakes in every launch"
buttons:
  - {id: webinar, text: Take a seat, url: "https://example.org/webinar"}
---
Hello {{ contact.first_name }}, **on Thursday** we open three real launches.
`;

const workspace = (wait, sinkUrl) => ({
  'nurtured.yaml': settings({connector: smtp(sinkUrl), more: 'keys: {write: ["key-1"]}\n'}),
  'events.yaml': checklistEvent,
  'playbooks/checklist-to-webinar.yaml': playbook(wait),
  'content/webinar-invite.md': invite,
});

test('the sentence is a playbook of under 15 lines that check accepts', async (t) => {
  const folder = await makeWorkspace(t, workspace('2d', 'smtp://127.0.0.1:25'));
  assert.ok(playbook('2d').trim().split('\n').length < 15);
  const {status, stdout, stderr} = await command(folder, ['check']);
  assert.equal(status, 0, stdout + stderr);
});

test('simulate sends the invite exactly two days after the download, and the same bytes twice', async (t) => {
  const folder = await makeWorkspace(t, workspace('2d', 'smtp://127.0.0.1:25'));
  const events = [
    {type: 'identify', timestamp: '2026-03-02T08:00:00Z', userId: 'u1',
     traits: {email: 'u1@example.org', firstName: 'Olga', timezone: 'Europe/Moscow', consent: {email: true}}},
    {type: 'track', timestamp: '2026-03-02T08:30:00Z', userId: 'u1', event: 'checklist.downloaded'},
  ];
  const input = events.map((event) => JSON.stringify(event)).join('\n') + '\n';
  const args = ['simulate', '--events', '-', '--until', '2026-03-31T00:00:00Z', '--seed', '7'];
  const first = await command(folder, args, {input});
  assert.equal(first.status, 0, first.stderr);
  const sends = first.stdout.trim().split('\n').map((line) => JSON.parse(line)).filter((line) => line.do === 'send');
  assert.equal(sends.length, 1, first.stdout);
  assert.equal(sends[0].at, '2026-03-04T08:30:00Z');
  assert.equal(sends[0].contact, 'u1');
  assert.equal(sends[0].message, 'webinar-invite');
  assert.equal(sends[0].channel, 'email');
  assert.equal(sends[0].to, 'u1@example.org');
  assert.equal(sends[0].subject, 'Olga, three mistakes in every launch');
  assert.equal((await command(folder, args, {input})).stdout, first.stdout);
});

// Sends through the SDK as its documentation has it, and waits until it has handed over everything.
async function tellBySdk(daemon, tell) {
  const analytics = new Analytics({writeKey: 'key-1', host: daemon.url});
  const failures = [];
  analytics.on('error', (error) => failures.push(error));
  tell(analytics);
  await analytics.closeAndFlush();
  assert.deepEqual(failures, []);
}

const headerLine = (mail, name) => mail.headerLines.find(({key}) => key === name)?.line.replace(/\r?\n\s*/g, ' ');

function checkMail(mail, id) {
  assert.equal(mail.envelope.from, 'anna@example.org');
  assert.deepEqual(mail.envelope.to, [`${id}@example.net`]);
  assert.equal(mail.from.text, '"Anna" <anna@example.org>');
  assert.equal(mail.to.text, `${id}@example.net`);
  assert.equal(mail.subject, 'Ольга, three mistakes in every launch');
  assert.match(mail.messageId, /^<[a-z2-7]{34}@example\.org>$/);
  assert.match(headerLine(mail, 'list-unsubscribe'), /^List-Unsubscribe: <https:\/\/t\.example\.org\/u\/[A-Za-z0-9_-]+>$/);
  assert.equal(headerLine(mail, 'list-unsubscribe-post'), 'List-Unsubscribe-Post: List-Unsubscribe=One-Click');
  assert.match(headerLine(mail, 'content-type'), /^Content-Type: multipart\/alternative/);
  assert.match(mail.text, /Hello Ольга,/);
  assert.match(mail.html, /<strong>on Thursday<\/strong>/);
  assert.match(mail.html, /href="https:\/\/t\.example\.org\/c\/[A-Za-z0-9_-]+">Take a seat</);
}

test('the daemon does it: from the SDK to the mail server, and one click ends it', async (t) => {
  const sink = await MailSink.start(t);
  const folder = await makeWorkspace(t, workspace('1s', sink.url));
  const daemon = await Daemon.start(t, folder);

  await tellBySdk(daemon, (analytics) => {
    analytics.identify({userId: 'u1', traits: {email: 'u1@example.net', firstName: 'Ольга', consent: {email: true}}});
    analytics.track({userId: 'u1', event: 'checklist.downloaded', properties: {checklist: 'launch'}});
  });
  const mail = await sink.parsed('u1@example.net');
  checkMail(mail, 'u1');

  const link = /<https:\/\/t\.example\.org(\/u\/[^>]+)>/.exec(headerLine(mail, 'list-unsubscribe'))[1];
  const page = await fetch(daemon.url + link);
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-type'), /^text\/html/);
  assert.match(await page.text(), /<form[^>]*method="?post/i);
  assert.equal((await ask(folder, 'contact', 'show', 'u1')).suppression, null, 'a GET must not act');

  const click = await fetch(daemon.url + link, {
    method: 'POST',
    redirect: 'error',
    headers: {'Content-Type': 'application/x-www-form-urlencoded'},
    body: 'List-Unsubscribe=One-Click',
  });
  assert.equal(click.status, 200);

  await tellBySdk(daemon, (analytics) => {
    analytics.track({userId: 'u1', event: 'checklist.downloaded', properties: {checklist: 'second'}});
  });
  const held = await eventually('the second invite to be held', async () => {
    const answer = await ask(folder, 'explain', 'u1');
    return answer.held?.length > 0 && answer.held;
  });
  assert.equal(held[0].reason, 'suppressed');
  assert.equal(sink.mails.length, 1);
  assert.equal((await fetch(`${daemon.url}/u/${'A'.repeat(40)}`, {method: 'POST'})).status, 404);
});
