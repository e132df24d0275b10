// Leads from forms and other systems, as they are posted over the wire.
import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';
import {test} from 'node:test';

import {Daemon, ask, makeWorkspace} from './daemon.mjs';
import {MailSink} from './sink.mjs';
import {message, settings, smtp} from './workspaces.mjs';

const secret = 'a-secret-of-the-test';

const workspace = (sinkUrl) => ({
  'nurtured.yaml': settings({connector: smtp(sinkUrl), more: `
hooks:
  lead:
    preset: html
    key: ${secret}
    event: form.sent
    consent: {email: {if: body.agree == "on", wording: I agree to receive letters, from: body.page}}
    redirect: https://example.org/thanks
  shop:
    signature: {secret: ${secret}, header: X-Signature, prefix: "sha256=", over: "{timestamp}.{body}", timestamp: X-Time}
    event: '="order." + body.status'
    user: body.customer
    traits: {email: body.email}
    id: body.number
`}),
  'events.yaml': 'events:\n  form.sent: {}\n  order.paid: {properties: {number: int}}\n',
  'playbooks/lead.yaml': 'start: {when: form.sent}\nsteps:\n  - send: checklist\n',
  'content/checklist.md': message('value', 'Your checklist', 'Here it is, {{ contact.first_name }}.'),
});

test('a form on a site becomes a contact, a consent with its evidence, and a message', async (t) => {
  const sink = await MailSink.start(t);
  const folder = await makeWorkspace(t, workspace(sink.url));
  const daemon = await Daemon.start(t, folder);
  const post = (fields, key = secret) =>
    fetch(`${daemon.url}/hooks/lead/${key}`, {method: 'POST', redirect: 'manual', body: fields});

  const form = new URLSearchParams({name: 'Анна', email: 'Anna@Example.net', agree: 'on', page: 'https://example.org/form'});
  const answer = await post(form);
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.get('location'), 'https://example.org/thanks');
  const mail = await sink.parsed('anna@example.net');
  assert.match(mail.text, /Here it is, Анна/);
  const {consent, events} = await ask(folder, 'contact', 'show', 'anna@example.net');
  assert.deepEqual({...consent.email, at: ''},
    {given: true, at: '', source: 'form', wording: 'I agree to receive letters', from: 'https://example.org/form'});

  // The same again is a repeat; another field is news; a file's name comes with a multipart form.
  await post(form);
  const multipart = new FormData();
  multipart.set('email', 'anna@example.net');
  multipart.set('cv', new Blob(['x']), 'cv.pdf');
  assert.equal((await post(multipart)).status, 303);
  assert.equal(events['form.sent'], 1);
  assert.equal((await ask(folder, 'contact', 'show', 'anna@example.net')).events['form.sent'], 2);

  assert.equal((await post(form, 'wrong')).status, 401);
  assert.equal((await fetch(`${daemon.url}/hooks/nothing`, {method: 'POST'})).status, 404);
  assert.equal((await fetch(`${daemon.url}/hooks/lead/${secret}`)).status, 405);
});

test('a signed webhook counts once, and a forged or late one not at all', async (t) => {
  const folder = await makeWorkspace(t, workspace('smtp://127.0.0.1:25'));
  const daemon = await Daemon.start(t, folder);
  const body = JSON.stringify({status: 'paid', number: 7, customer: 'c1', email: 'c1@example.net'});
  const post = (seconds, key = secret) => fetch(`${daemon.url}/hooks/shop`, {
    method: 'POST',
    body,
    headers: {
      'Content-Type': 'application/json',
      'X-Time': String(seconds),
      'X-Signature': `sha256=${createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex')}`,
    },
  });
  const now = Math.floor(Date.now() / 1000);
  assert.equal((await post(now - 3600)).status, 401);
  assert.equal((await post(now, 'another')).status, 401);
  assert.equal((await ask(folder, 'contact', 'list')).contacts.length, 0);
  for (let i = 0; i < 3; ++i) assert.equal((await post(now + i)).status, 200);
  assert.equal((await ask(folder, 'contact', 'show', 'c1')).events['order.paid'], 1);

  // What was answered outlives the process.
  await daemon.kill();
  const again = await Daemon.start(t, folder);
  assert.equal((await fetch(`${again.url}/readyz`)).status, 200);
  assert.equal((await ask(folder, 'contact', 'show', 'c1')).events['order.paid'], 1);
});
