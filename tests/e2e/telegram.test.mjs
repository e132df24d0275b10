// A Telegram bot, both ways: what leaves, as an emulator of the Bot API and a server of ours take it; what people do in its
// chats, by long polling and by webhook, whatever becomes of the daemon meanwhile; and every request against the Bot API's
// description.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {createServer} from 'node:net';
import path from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

import TelegramServer from 'telegram-test-api';

import {BotApi, membership, pressed, said} from './bot_api.mjs';
import {Daemon, ask, command, eventually, makeWorkspace, projectRoot, writeFiles} from './daemon.mjs';
import {message, person, settings} from './workspaces.mjs';

const token = '123456:AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
const bot = (url, more = 'updates: none') => `{type: telegram, token: "${token}", api: "${url}", allow_private: true, ${more}}`;
const telegram = (connector, more = '') =>
  settings({connector, more}).replace('{email: out}', '{telegram: {connector: out, consent: assumed}}');

const playbook = (when, step) => `start: {when: ${when}}\nagain: always\nsteps:\n  - ${step}\n`;
const attaching = (files, text) => text.replace('---\nkind', `---\nattach: [${files}]\nkind`);

async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// What the store knows of whoever writes from that chat; null: nobody.
const known = (folder, chat) => ask(folder, 'contact', 'show', `telegram:${chat}`).catch(() => null);

async function eventsOf(folder, chat) { return (await known(folder, chat))?.events ?? {}; }

test('an emulator of the Bot API carries a talk', {timeout: 60_000}, async (t) => {
  const server = new TelegramServer({port: await freePort(), host: '127.0.0.1'});
  await server.start();
  t.after(() => server.stop());
  const folder = await makeWorkspace(t, {
    'nurtured.yaml': telegram(bot(server.config.apiURL, 'updates: poll')),
    'playbooks/hello.yaml': playbook('chat.started', 'send: hello'),
    'content/hello.md': message('reply', 'Hello', '**Good** morning, {{ contact.first_name }}.')
      .replace('---\nkind', '---\nbuttons: [{id: site, text: Site, url: "https://example.org/"}]\nkind'),
  });
  const daemon = await Daemon.start(t, folder);
  const client = server.getClient(token, {userId: 77, chatId: 77, firstName: 'Anna', timeout: 20_000});
  await client.sendCommand(client.makeCommand('/start spring'));
  const {result} = await client.getUpdates();
  assert.equal(result[0].message.text, '<b>Good</b> morning, Anna.');
  assert.match(JSON.stringify(result[0].message.reply_markup.inline_keyboard), /"text":"Site"/);
  await client.sendMessage(client.makeMessage('thank you'));
  await eventually('the words', async () => (await eventsOf(folder, 77))['message.replied'] === 1);
  assert.doesNotMatch(daemon.log, /\[error\]/);
});

test('pictures and documents leave with their text, and are uploaded once', {timeout: 60_000}, async (t) => {
  const api = await BotApi.start(t);
  const folder = await makeWorkspace(t, {
    'nurtured.yaml': telegram(bot(api.url)),
    'events.yaml': 'events: {one: {}, many: {}}\n',
    'playbooks/one.yaml': playbook('one', 'send: guide'),
    'playbooks/many.yaml': playbook('many', 'send: files'),
    'content/guide.md': attaching('files/guide.pdf', message('value', 'Guide', 'Your **guide**.')),
    'content/files.md': attaching('files/guide.pdf, files/plan.pdf', message('value', 'Files', 'Your files.')),
    'files/guide.pdf': '%PDF-1.4 guide',
    'files/plan.pdf': '%PDF-1.4 plan',
  });
  const daemon = await Daemon.start(t, folder);
  for (const id of ['u1', 'u2']) await daemon.take('identify', person(id, {channels: {telegram: id === 'u1' ? '71' : '72'}}));
  await daemon.take('track', {userId: 'u1', event: 'one'});
  const [first] = await eventually('an upload', () => api.sent('sendDocument').length > 0 && api.sent('sendDocument'));
  assert.equal(first.caption, 'Your <b>guide</b>.');
  assert.equal(first.document.name, 'guide.pdf');
  assert.equal(first.document.type, 'application/pdf');
  assert.equal(first.document.bytes.toString(), '%PDF-1.4 guide');

  await eventually('its outcome', async () => (await daemon.metric('nurtured_deliveries_total')) === 1);
  await daemon.take('track', {userId: 'u2', event: 'one'});
  const second = await eventually('the other one', () => api.sent('sendDocument')[1]);
  assert.match(second.document, /^D\d+$/, 'what Telegram has already is not uploaded again');

  await daemon.take('track', {userId: 'u2', event: 'many'});
  const album = await eventually('an album', () => api.sent('sendMediaGroup')[0]);
  assert.equal(api.sent('sendMessage')[0].text, 'Your files.');
  assert.deepEqual(JSON.parse(album.media).map(({type}) => type), ['document', 'document']);
});

test('what people do in the chats of several bots becomes events', {timeout: 60_000}, async (t) => {
  const [api, other] = [await BotApi.start(t), await BotApi.start(t)];
  const folder = await makeWorkspace(t, {
    'nurtured.yaml': telegram(bot(api.url, 'updates: poll'))
      .replace('connectors:', `connectors:\n  second: ${bot(other.url, 'updates: poll')}`)
      .replace('channels: {', 'channels: {second: {connector: second, consent: assumed}, '),
    'playbooks/hello.yaml': `${playbook('chat.started', 'send: hello')}`,
    'content/hello.md': message('reply', 'Hello', 'Hello {{ event.payload | default: "you" }}.'),
  });
  const daemon = await Daemon.start(t, folder);
  api.tell(said(71, '/start'));
  api.tell(said(72, '/start spring-2026'));
  api.tell(said(72, 'a word\nor two'));
  api.tell(pressed(72, 'a:1', 'q1'));
  other.tell(said(74, 'another bot'));
  api.tell({message: {date: 1, chat: 'nowhere'}});
  api.tell(membership(71, 'kicked'));
  await eventually('all to be confirmed', () => api.unconfirmed === 0 && other.unconfirmed === 0);
  await eventually('the press to be answered', () => api.sent('answerCallbackQuery')[0]?.callback_query_id === 'q1');
  await eventually(() => `the answer, not ${api.texts()}`, () => api.texts().includes('Hello spring-2026.'));
  assert.match(daemon.log, /cannot be read are passed over: 10\d, the message has no chat/);
  assert.equal((await eventsOf(folder, 71))['chat.started'], 1);
  assert.equal((await eventsOf(folder, 71))['chat.blocked'], 1);
  assert.equal((await eventsOf(folder, 72))['chat.started'], 1);
  assert.equal((await eventsOf(folder, 72))['message.replied'], 1, 'a button that nobody asked about says nothing');
  assert.equal((await ask(folder, 'contact', 'show', 'second:74')).events['message.replied'], 1);
});

test('a reload goes on listening, and does not take its own questions for somebody else\'s', {timeout: 60_000}, async (t) => {
  const api = await BotApi.start(t);
  const text = telegram(bot(api.url, 'updates: poll'));
  const folder = await makeWorkspace(t, {'nurtured.yaml': text});
  const daemon = await Daemon.start(t, folder);
  for (let round = 1; round <= 5; ++round) {
    api.tell(said(71, `word ${round}`));
    await eventually('the words', async () => (await eventsOf(folder, 71))['message.replied'] === round);
    const asked = api.sent('getUpdates').length;
    await writeFiles(folder, {'nurtured.yaml': text.replace('updates: poll', `updates: poll, rate: ${round}/s`)});
    assert.equal((await command(folder, ['reload'])).status, 0);
    await eventually('a question after the reload', () => api.sent('getUpdates').length > asked);
  }
  assert.doesNotMatch(daemon.log, /terminated|cannot be read/);
});

test('a webhook is set, and only its secret opens it', {timeout: 60_000}, async (t) => {
  const api = await BotApi.start(t);
  const port = await freePort();
  const folder = await makeWorkspace(t, {
    'nurtured.yaml': telegram(bot(api.url, 'updates: webhook'))
      .replace('listen: "127.0.0.1:0", public_url: "https://t.example.org"',
        `listen: "127.0.0.1:${port}", public_url: "http://127.0.0.1:${port}"`),
  });
  const daemon = await Daemon.start(t, folder);
  await eventually('the webhook', () => api.webhook);
  assert.equal(api.webhook.url, `${daemon.url}/hooks/out`);
  assert.match(api.webhook.secret_token, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(api.sent('getUpdates').length, 0);

  const post = (secret, update) => fetch(api.webhook.url, {
    method: 'POST',
    headers: {'Content-Type': 'application/json', ...(secret && {'X-Telegram-Bot-Api-Secret-Token': secret})},
    body: JSON.stringify({update_id: 1, ...update}),
  });
  for (const secret of ['', 'wrong', token, `${api.webhook.secret_token}x`]) {
    assert.equal((await post(secret, said(71, '/start'))).status, 401);
  }
  assert.equal((await post(api.webhook.secret_token, {message: 7})).status, 200);
  assert.equal(await known(folder, 71), null, 'nothing changes');

  api.tell(said(71, 'one'));
  api.tell(pressed(71, 'a:1', 'q1'));
  await eventually('the press to be answered', () => api.sent('answerCallbackQuery')[0]?.callback_query_id === 'q1');
  assert.equal((await eventsOf(folder, 71))['message.replied'], 1);
  assert.equal(api.unconfirmed, 0);
});

test('no update is lost and none is taken twice, however often the daemon is killed', {timeout: 120_000}, async (t) => {
  const api = await BotApi.start(t);
  const folder = await makeWorkspace(t, {
    'nurtured.yaml': telegram(bot(api.url, 'updates: poll')),
    'playbooks/count.yaml': 'start: {when: message.replied}\nagain: always\nmeanwhile: restart\nsteps:\n  - score: 1\n',
  });
  const rounds = 6;
  const each = 20;
  let last;
  for (let round = 0; round < rounds; ++round) {
    const daemon = await Daemon.start(t, folder);
    const [asked, given] = [api.sent('getUpdates').length, api.given];
    for (let i = 0; i < each; ++i) last = api.tell(said(71, `word ${round} ${i}`));
    // The kill comes while they are on their way, or when the next question has just confirmed them.
    await (round % 3 < 2 ? eventually('updates to be given out', () => api.given > given)
      : eventually('a question', () => api.sent('getUpdates').length > asked));
    await daemon.kill();
  }
  await Daemon.start(t, folder);
  await eventually('all to be confirmed', () => api.unconfirmed === 0);
  api.repeat(last, said(71, 'told again'));
  await eventually('the repeat to be confirmed', () => api.unconfirmed === 0);
  const {events, score} = await known(folder, 71);
  assert.equal(events['message.replied'], rounds * each);
  assert.equal(score, rounds * each);
  assert.ok(api.given > rounds * each + 1, 'some were in doubt, and given out again');
});

const description = path.join(projectRoot, '../shared/reference/specs/telegram-subset.openapi.json');
test('every request is one that the Bot API describes', {
  timeout: 90_000,
  skip: !existsSync(description) && 'the description of the Bot API is not in ../shared',
}, async (t) => {
  const api = await BotApi.start(t);
  const port = await freePort();
  const prism = spawn(
    fileURLToPath(new URL('node_modules/.bin/prism', import.meta.url)),
    ['proxy', description, api.url, '--errors', '--port', String(port)], {stdio: ['ignore', 'pipe', 'pipe']});
  t.after(() => prism.kill());
  let log = '';
  for (const stream of [prism.stdout, prism.stderr]) stream.on('data', (text) => { log += text; });
  await eventually(() => `the validator to listen\n${log}`, () => log.includes('Prism is listening'));
  const refused = await fetch(`http://127.0.0.1:${port}/bot${token}/sendMessage`, {
    method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{"chat_id": 71}',
  });
  assert.equal(refused.status, 422, 'what it does not describe is refused');
  const told = log.length;

  const folder = await makeWorkspace(t, {
    'nurtured.yaml': telegram(bot(`http://127.0.0.1:${port}`, 'updates: poll')),
    'events.yaml': 'events: {text: {}, picture: {}, guide: {}}\n',
    ...Object.fromEntries(['text', 'picture', 'guide'].map((name) => [`playbooks/${name}.yaml`, playbook(name, `send: ${name}`)])),
    'content/text.md': message('value', 'Text', '**Bold**').replace('---\nkind',
      '---\nbuttons: [{id: site, text: Site, url: "https://example.org/"}]\nkind'),
    'content/picture.md': attaching('files/dot.png', message('value', 'Picture', 'A dot.')),
    'content/guide.md': attaching('files/guide.pdf', message('value', 'Guide', 'Your guide.')),
    'files/dot.png': Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'),
    'files/guide.pdf': '%PDF-1.4 guide',
  });
  api.webhook = {url: 'http://127.0.0.1:9/', secret_token: 'x'};  // a former setting left it
  const daemon = await Daemon.start(t, folder);
  await daemon.take('identify', person('u1', {channels: {telegram: '71'}}));
  for (const event of ['text', 'picture', 'guide']) await daemon.take('track', {userId: 'u1', event});
  api.tell(pressed(71, 'a:1', 'q1'));
  const wanted = ['getUpdates', 'deleteWebhook', 'answerCallbackQuery', 'sendMessage', 'sendPhoto', 'sendDocument'];
  await eventually(() => `all calls\n${log}`, () => wanted.every((method) => api.sent(method).length > 0));
  await daemon.stop();
  assert.equal(api.webhook, null);

  await writeFiles(folder, {'nurtured.yaml': telegram(bot(`http://127.0.0.1:${port}`, 'updates: webhook'))});
  await Daemon.start(t, folder);
  await eventually(() => `the webhook\n${log}`, () => api.webhook?.url === 'https://t.example.org/hooks/out');
  assert.doesNotMatch(log.slice(told), /violation/i);
});
