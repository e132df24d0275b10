// What people do with the links of a message, and what programs do with them: the first counts, the second is recorded as
// what it is, and neither changes a consent by looking.
import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {createServer} from 'node:http';
import path from 'node:path';
import {test} from 'node:test';

import {Daemon, ask, eventually, makeWorkspace, projectRoot} from './daemon.mjs';
import {MailSink} from './sink.mjs';
import {message, person, settings, smtp} from './workspaces.mjs';

const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';

const letter = `---
kind: value
subject: A letter
buttons:
  - {id: webinar, text: Take a seat, url: "https://example.org/webinar?seat=7#top"}
---
Read [the article](https://example.org/article), or write to [us](mailto:anna@example.org).
`;

const playbook = `start: {when: hello}
steps:
  - send: letter
  - wait_for: link.clicked
    if: event.link == "webinar"
    within: 7d
  - tag: interested
`;

const workspace = (connector, channel) => ({
  'nurtured.yaml': settings({connector, channel, more: 'tracking: {utm: {source: letters, content: "{{ link }}"}}\n'}),
  'events.yaml': 'events:\n  hello: {}\n',
  'touchpoints.yaml': 'touchpoints:\n  link.clicked: {channel: site, stage: consideration, media: owned, place: online, kind: value}\n',
  'playbooks/hello.yaml': playbook,
  'content/letter.md': letter,
});

// A receiver of the webhook connector: every message that came, as JSON.
async function receiver(t) {
  const taken = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => { body += part; });
    request.on('end', () => {
      taken.push(JSON.parse(body));
      response.end();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }));
  return {taken, url: `http://127.0.0.1:${server.address().port}/`};
}

const local = (daemon, url) => url.replace('https://t.example.org', daemon.url);
const visit = (url, {agent = browser, method = 'GET', headers = {}} = {}) =>
  fetch(url, {method, redirect: 'manual', headers: {'User-Agent': agent, ...headers}});
const count = async (folder, id, event) => (await ask(folder, 'contact', 'show', id)).events[event] ?? 0;

test('a click is redirected to what the message held, and counts as a touch of its reader', async (t) => {
  const chat = await receiver(t);
  const folder = await makeWorkspace(t, workspace(`{type: webhook, url: "${chat.url}", allow_private: true}`, 'chat'));
  const daemon = await Daemon.start(t, folder);
  await daemon.take('identify', {userId: 'u1', traits: {channels: {chat: 'c1'}, consent: {chat: true}}});
  await daemon.take('track', {userId: 'u1', event: 'hello'});
  const [button] = await eventually('the message', () => chat.taken[0]?.buttons);
  assert.equal(button.id, 'webinar');
  const link = local(daemon, button.url);

  const looked = await visit(link, {method: 'HEAD'});
  const answer = await visit(link);
  for (const response of [looked, answer]) {
    assert.equal(response.status, 302);
    assert.equal(response.headers.get('location'), 'https://example.org/webinar?seat=7&utm_source=letters&utm_content=webinar#top');
    assert.equal(response.headers.get('cache-control'), 'no-store');
  }
  const shown = await eventually('the click to count', async () => {
    const contact = await ask(folder, 'contact', 'show', 'u1');
    return contact.tags.includes('interested') && contact;
  });
  assert.equal(shown.touches, 2, 'the message and the click');

  // Each bit flipped: nothing leads elsewhere.
  const token = new URL(link).pathname.slice('/c/'.length);
  for (let i = 0; i < token.length; ++i) {
    const changed = token.slice(0, i) + (token[i] === 'A' ? 'B' : 'A') + token.slice(i + 1);
    const refused = await visit(`${daemon.url}/c/${changed}`);
    assert.equal(refused.status, 404);
    assert.equal(refused.headers.get('location'), null);
  }
  assert.equal((await visit(`${daemon.url}/o/${token}`)).status, 404, 'a click tells of no opening');
  assert.equal((await visit(`${daemon.url}/u/${token}`)).status, 404, 'a click cannot unsubscribe');
});

test('programs that look at a mail change nothing and are told apart', async (t) => {
  const sink = await MailSink.start(t);
  const folder = await makeWorkspace(t, workspace(smtp(sink.url), 'email'));
  const daemon = await Daemon.start(t, folder);
  await daemon.take('identify', person('u1'));
  await daemon.take('track', {userId: 'u1', event: 'hello'});
  const mail = await sink.parsed('u1@example.net');
  const before = await ask(folder, 'contact', 'show', 'u1');

  const own = [...mail.html.matchAll(/"(https:\/\/t\.example\.org\/[^"]+)"/g)].map(([, url]) => local(daemon, url));
  const kinds = new Set(own.map((url) => new URL(url).pathname.slice(1, 2)));
  assert.deepEqual([...kinds].sort(), ['c', 'o', 'p', 'u'], 'links, the picture, the preferences and the way out');
  assert.match(mail.html, /href="mailto:anna@example\.org"/);

  const corpus = (await readFile(path.join(projectRoot, 'tests/daemon/visitors.tsv'), 'utf8')).split('\n')
    .filter((line) => line && !line.startsWith('#')).map((line) => line.split('\t'));
  assert.ok(corpus.length > 80);
  for (const [, , agent, header] of corpus) {
    const [name, value] = header.split(': ');
    for (const method of ['GET', 'HEAD']) {
      for (const url of own) {
        const answer = await visit(url, {agent, method, headers: name ? {[name]: value} : {}});
        assert.ok([200, 302].includes(answer.status), `${method} ${url}: ${answer.status}`);
        await answer.arrayBuffer();
      }
    }
  }
  const after = await ask(folder, 'contact', 'show', 'u1');
  assert.deepEqual(after.consent, before.consent);
  assert.equal(after.suppression, null);
  assert.equal(after.touches, before.touches);
  assert.equal(await count(folder, 'u1', 'link.clicked'), 0);
  assert.ok(await count(folder, 'u1', 'link.scanned') > 80);
});
