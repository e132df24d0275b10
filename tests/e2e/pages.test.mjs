// Consent by double opt-in and the preference page, from the mail that holds the link to the next message that may leave.
import assert from 'node:assert/strict';
import {access} from 'node:fs/promises';
import {test} from 'node:test';

import {chromium} from 'playwright-core';

import {Daemon, ask, eventually, makeWorkspace} from './daemon.mjs';
import {MailSink} from './sink.mjs';
import {message, settings, smtp} from './workspaces.mjs';

const workspace = (sinkUrl) => ({
  'nurtured.yaml': settings({connector: smtp(sinkUrl), more: 'pages: {consent: {en: "Yes, write to me"}}\nvars: {brand: "Anna\'s school"}\n'}),
  'events.yaml': 'events:\n  form.sent: {}\n  talk: {}\n',
  'playbooks/welcome.yaml':
    'start: {when: form.sent}\nsteps:\n  - send: confirm\n  - wait_for: consent.given\n    within: 7d\n  - send: welcome\n',
  'playbooks/talks.yaml': 'start: {when: talk}\nagain: always\nsteps:\n  - send: talk\n',
  'content/confirm.md': message('reply', 'Please confirm', 'Shall we write? [Yes, please]({{ confirm_url }})'),
  'content/welcome.md': message('value', 'Welcome'),
  'content/talk.md': message('value', 'A talk').replace('---\nkind', '---\ntopic: talks\nkind'),
});

const linkIn = (daemon, mail, path) => {
  const found = new RegExp(`https://t\\.example\\.org(/${path}/[A-Za-z0-9_-]+)`).exec(mail.html);
  assert.ok(found, `a link to /${path}/ in ${mail.html}`);
  return daemon.url + found[1];
};
const form = (fields) => ({
  method: 'POST',
  redirect: 'error',
  headers: {'Content-Type': 'application/x-www-form-urlencoded'},
  body: new URLSearchParams(fields).toString(),
});

test('a lead confirms, is welcomed, chooses, leaves and comes back', async (t) => {
  const sink = await MailSink.start(t);
  const folder = await makeWorkspace(t, workspace(sink.url));
  const daemon = await Daemon.start(t, folder);
  const shown = () => ask(folder, 'contact', 'show', 'u1');
  await daemon.take('identify', {userId: 'u1', traits: {email: 'u1@example.net'}});
  await daemon.take('track', {userId: 'u1', event: 'form.sent'});

  const asked = await sink.parsed('u1@example.net');
  assert.equal(asked.subject, 'Please confirm');
  const confirm = linkIn(daemon, asked, 'd');
  for (const method of ['HEAD', 'GET']) {
    const page = await fetch(confirm, {method});
    assert.equal(page.status, 200);
    if (method === 'GET') assert.match(await page.text(), /Yes, write to me/);
  }
  assert.deepEqual((await shown()).consent, {}, 'looking is not agreeing');

  assert.equal((await fetch(confirm, form({}))).status, 200);
  const {email} = (await shown()).consent;
  assert.equal(email.given, true);
  assert.equal(email.source, 'double-opt-in');
  assert.equal(email.wording, 'Yes, write to me');
  assert.equal(email.from, '127.0.0.1');
  const welcome = await sink.parsed('Subject: Welcome');
  assert.equal(welcome.subject, 'Welcome');

  const preferences = linkIn(daemon, welcome, 'p');
  assert.match(await (await fetch(preferences)).text(), /value="talks" checked/);
  assert.match(await (await fetch(preferences, form({channel: 'email'}))).text(), /Your choice is saved/);
  await daemon.take('track', {userId: 'u1', event: 'talk'});
  const held = await eventually('the talk to be held', async () => {
    const answer = await ask(folder, 'explain', 'u1');
    return answer.held?.length > 0 && answer.held;
  });
  assert.equal(held[0].reason, 'consent');

  await fetch(preferences, form({none: '1'}));
  assert.equal((await shown()).consent.email.given, false);
  assert.equal((await fetch(confirm, form({}))).status, 200);
  assert.equal((await shown()).consent.email.given, false, 'an old confirmation does not undo a later unsubscribe');

  await fetch(preferences, form([['channel', 'email'], ['topic', 'talks']]));
  assert.equal((await sink.parsed('Subject: A talk')).subject, 'A talk', 'what was held goes when it is wanted again');
  assert.equal((await shown()).consent.email.source, 'preferences');
});

const browserFile = '/usr/bin/chromium';
const noBrowser = await access(browserFile).then(() => false, () => `there is no ${browserFile}`);

// What a reader sees and does, with JavaScript switched off.
test('the pages work in a browser without JavaScript, in the reader\'s language', {skip: noBrowser}, async (t) => {
  const sink = await MailSink.start(t);
  const folder = await makeWorkspace(t, workspace(sink.url));
  const daemon = await Daemon.start(t, folder);
  await daemon.take('identify', {userId: 'u1', traits: {email: 'u1@example.net', locale: 'ru-RU'}});
  await daemon.take('track', {userId: 'u1', event: 'form.sent'});
  const confirm = linkIn(daemon, await sink.parsed('Subject: Please confirm'), 'd');

  const browser = await chromium.launch({executablePath: browserFile, args: ['--no-sandbox']});
  t.after(() => browser.close());
  const context = await browser.newContext({javaScriptEnabled: false});
  const page = await context.newPage();
  const refused = [];
  page.on('console', (line) => refused.push(line.text()));
  await page.goto(confirm);
  assert.equal(await page.locator('html').getAttribute('lang'), 'ru');
  await page.getByRole('button', {name: 'Согласен'}).click();
  assert.equal(await page.getByRole('heading').innerText(), 'Спасибо');

  const welcome = await sink.parsed('Subject: Welcome');
  await page.goto(linkIn(daemon, welcome, 'p'));
  assert.equal(await page.getByRole('heading').innerText(), 'Что вы хотите получать?');
  assert.equal(await page.getByLabel('u…@example.net').isChecked(), true);
  await page.getByLabel('talks').uncheck();
  await page.getByRole('button', {name: 'Сохранить'}).click();
  assert.match(await page.locator('main').innerText(), /Ваш выбор сохранён/);
  await page.reload();
  assert.equal(await page.getByLabel('talks').isChecked(), false);
  assert.deepEqual((await ask(folder, 'contact', 'show', 'u1')).topics_declined, ['talks']);

  await page.goto(linkIn(daemon, welcome, 'u'));
  assert.equal((await ask(folder, 'contact', 'show', 'u1')).consent.email.given, true);
  await page.getByRole('button', {name: 'Отписаться'}).click();
  assert.equal(await page.getByRole('heading').innerText(), 'Вы отписаны');
  assert.equal((await ask(folder, 'contact', 'show', 'u1')).consent.email.given, false);
  assert.deepEqual(refused, [], 'nothing on the pages is against their own policy');
});

test('whoever scans the code of a talk was there, and is asked for no more than an address', async (t) => {
  const sink = await MailSink.start(t);
  const folder = await makeWorkspace(t, workspace(sink.url));
  const daemon = await Daemon.start(t, folder);
  await daemon.take('identify', {userId: 'u1', traits: {email: 'u1@example.net'}});
  const path = ({link}) => daemon.url + link.slice('https://t.example.org'.length);
  const talk = await ask(folder, 'touch', 'qr', 'talk', '--note', 'Launches <in> spring', '--to', 'https://example.org/slides');
  assert.match(talk.svg, /^<svg /);
  const page = await (await fetch(path(talk))).text();
  assert.match(page, /Launches &lt;in&gt; spring/);
  assert.equal((await ask(folder, 'contact', 'show', 'u1')).touches, 0, 'looking is not being there');
  assert.equal((await fetch(path(talk), {...form({email: 'no address'}), redirect: 'manual'})).status, 200);
  for (const email of ['U1@example.net', 'new@example.net']) {
    const answer = await fetch(path(talk), {...form({email}), redirect: 'manual'});
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.get('location'), 'https://example.org/slides');
  }
  for (let i = 0; i < 7; ++i) await fetch(path(talk), {...form({email: 'u1@example.net'}), redirect: 'manual'});
  assert.equal((await ask(folder, 'contact', 'show', 'u1')).touches, 1, 'the same talk on the same day');
  const stranger = await ask(folder, 'contact', 'show', 'new@example.net');
  assert.equal(stranger.touches, 1);
  assert.deepEqual(stranger.consent, {}, 'an address is no consent');

  const visit = await ask(folder, 'touch', 'qr', 'visit', '--contact', 'u1');
  assert.equal((await fetch(path(visit), form({}))).status, 200);
  assert.equal((await ask(folder, 'contact', 'show', 'u1')).touches, 2);
  const over = await ask(folder, 'touch', 'qr', 'visit', '--contact', 'u1', '--until', '2026-01-01T00:00:00Z');
  assert.equal((await fetch(path(over), form({}))).status, 404);
});

test('a human told by mail reads the talk and answers on a page, and gives the contact back', {skip: noBrowser}, async (t) => {
  const sink = await MailSink.start(t);
  const folder = await makeWorkspace(t, {
    ...workspace(sink.url),
    'nurtured.yaml': settings({connector: smtp(sink.url), more: 'handoff: {to: {channel: email, to: lena@example.net}}\n'}),
  });
  const daemon = await Daemon.start(t, folder);
  await daemon.take('identify', {userId: 'u1', traits: {email: 'u1@example.net', firstName: 'Anna'}});
  await daemon.take('track', {
    userId: 'u1', event: 'message.replied', properties: {channel: 'email', subject: 'Price', text: 'How much is <b>it</b>?'},
  });
  const told = await sink.parsed('To: lena@example.net');
  assert.equal(told.subject, 'Anna (u1): How much is <b>it</b>?');
  const [, path] = /https:\/\/t\.example\.org(\/h\/[\w-]+)/.exec(told.text);

  const browser = await chromium.launch({executablePath: browserFile, args: ['--no-sandbox']});
  t.after(() => browser.close());
  const page = await (await browser.newContext({javaScriptEnabled: false})).newPage();
  const refused = [];
  page.on('console', (line) => refused.push(line.text()));
  await page.goto(daemon.url + path);
  assert.match(await page.locator('dd').first().innerText(), /How much is <b>it<\/b>\?/);
  await page.getByLabel('Answer').fill('Ten euros.\n\nLena');
  await page.getByRole('button', {name: 'Answer'}).click();
  const answer = await sink.parsed('To: u1@example.net');
  assert.equal(answer.subject, 'Re: Price');
  assert.equal(answer.text.trim(), 'Ten euros.\n\nLena');
  assert.match(await page.locator('dl').innerText(), /Ten euros/);
  await page.getByRole('button', {name: 'Give back'}).click();
  assert.equal(await page.getByRole('button', {name: 'Give back'}).count(), 0);
  assert.equal((await ask(folder, 'contact', 'show', 'u1')).handoff, null);
  assert.deepEqual(refused, []);
});
