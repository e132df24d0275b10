// What comes in over HTTP: Segment's calls as its SDKs make them, CloudEvents, health, figures, and the end of a daemon
// that still owes answers.
import assert from 'node:assert/strict';
import {request} from 'node:http';
import {after, before, describe, test} from 'node:test';
import {gzipSync} from 'node:zlib';

import {Daemon, Scope, ask, eventually, makeWorkspace} from './daemon.mjs';
import {settings} from './workspaces.mjs';

const files = {
  'nurtured.yaml': settings({connector: '{type: file, path: outbox}', more: 'keys: {write: ["key-1"]}\n'}),
  'events.yaml': 'events:\n  checklist.downloaded: {properties: {checklist: string}}\n',
  'playbooks/tagged.yaml': 'start: {when: checklist.downloaded}\nsteps:\n  - tag: warm\n',
};
const basic = (key) => ({Authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}`});

describe('ingest', () => {
  let daemon;
  let folder;
  const scope = new Scope();
  before(async () => {
    folder = await makeWorkspace(scope, files);
    daemon = await Daemon.start(scope, folder);
  });
  after(() => scope.end());
  const events = async (id) => (await ask(folder, 'contact', 'show', id)).events;

  const track = (userId, event = 'checklist.downloaded') => ({userId, event, properties: {checklist: 'launch'}});
  const ways = [
    {call: 'track', body: track('w0'), name: 'checklist.downloaded'},
    {call: 't', body: track('w1'), name: 'checklist.downloaded'},
    {call: 'track/', body: track('w2'), name: 'checklist.downloaded'},
    {call: 'identify', body: {userId: 'w3', traits: {email: 'w3@example.org'}}, name: 'contact.identified'},
    {call: 'i', body: {userId: 'w4', traits: {plan: 'pro'}}, name: 'contact.identified'},
    {call: 'page', body: {userId: 'w5', name: 'Home', properties: {path: '/'}}, name: 'page.viewed'},
    {call: 'p', body: {userId: 'w6'}, name: 'page.viewed'},
    {call: 'screen', body: {userId: 'w7', name: 'Start'}, name: 'screen.viewed'},
    {call: 's', body: {userId: 'w8', name: 'Start'}, name: 'screen.viewed'},
    {call: 'group', body: {userId: 'w9', groupId: 'g1'}, name: 'group.joined'},
    {call: 'g', body: {userId: 'w10', groupId: 'g1', traits: {seats: 3}}, name: 'group.joined'},
    {call: 'batch', body: {batch: [{type: 'track', ...track('w11')}]}, name: 'checklist.downloaded'},
    {call: 'b', body: {batch: [{type: 'page', userId: 'w12'}]}, name: 'page.viewed'},
    {call: 'import', body: {batch: [{type: 'track', ...track('w13')}]}, name: 'checklist.downloaded'},
  ];
  ways.forEach(({call, body, name}, index) => {
    test(`/v1/${call} is taken and recorded as ${name}`, async () => {
      const answer = await daemon.post(call, body, basic('key-1'));
      assert.equal(answer.status, 200);
      assert.deepEqual(await answer.json(), {success: true});
      assert.equal((await events(`w${index}`))[name], 1);
    });
  });

  test('what a contact was taken without is told on the contact, and one odd value spares the batch', async () => {
    const refused = {userId: 'odd-1', traits: {email: 'not an email'}, messageId: 7};
    for (let i = 0; i < 2; ++i) await daemon.take('identify', refused, basic('key-1'));
    const {recent} = await ask(folder, 'explain', 'odd-1');
    const told = recent.filter(({event}) => event === 'ingest.rejected');
    assert.equal(told.length, 1, JSON.stringify(recent));
    assert.match(told[0].properties.reason, /email/);
    await daemon.take('batch', {batch: [
      {type: 'track', ...track('odd-2'), properties: {text: 'abc\ud83d'}},
      {type: 'track', ...track('odd-3')},
    ]}, basic('key-1'));
    for (const id of ['odd-2', 'odd-3']) assert.equal((await events(id))['checklist.downloaded'], 1);
  });

  test('an alias makes one contact of two names', async () => {
    await daemon.take('track', {anonymousId: 'anon-7', event: 'checklist.downloaded'}, basic('key-1'));
    await daemon.take('alias', {previousId: 'anon-7', userId: 'alias-7'}, basic('key-1'));
    const contact = await ask(folder, 'contact', 'show', 'alias-7');
    assert.equal(contact.events['checklist.downloaded'], 1);
  });

  test('gzip, text/plain and the key in the body, as the mobile and browser SDKs send', async () => {
    const body = JSON.stringify({writeKey: 'key-1', sentAt: new Date().toISOString(),
      batch: [{type: 'track', ...track('packed')}, {type: 'track', ...track('packed')}]});
    const answer = await fetch(`${daemon.url}/v1/b`, {
      method: 'POST', body: gzipSync(body), headers: {'Content-Type': 'text/plain', 'Content-Encoding': 'gzip'},
    });
    assert.equal(answer.status, 200);
    assert.equal((await events('packed'))['checklist.downloaded'], 2);
  });

  test('a body in chunks', async () => {
    const status = await new Promise((resolve, reject) => {
      const out = request(`${daemon.url}/v1/track`, {method: 'POST', headers: basic('key-1')}, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      out.on('error', reject);
      const text = JSON.stringify(track('chunked'));
      out.write(text.slice(0, 10));
      out.end(text.slice(10));
    });
    assert.equal(status, 200);
    assert.equal((await events('chunked'))['checklist.downloaded'], 1);
  });

  const refusals = [
    {title: 'no key', body: JSON.stringify(track('no')), headers: {}, status: 401},
    {title: 'a wrong key', body: JSON.stringify(track('no')), headers: basic('key-2'), status: 401},
    {title: 'a body that is no JSON', body: '{"userId": ', headers: basic('key-1'), status: 400},
    {title: 'a body that is no object', body: '[1, 2]', headers: basic('key-1'), status: 400},
    {title: 'a body that is not what its encoding says', body: 'plain', status: 400,
     headers: {...basic('key-1'), 'Content-Encoding': 'gzip'}},
    {title: 'a body past 500 KiB', body: JSON.stringify({...track('no'), pad: 'x'.repeat(600_000)}),
     headers: basic('key-1'), status: 413},
    {title: 'a small body that unpacks past the limit', body: gzipSync(Buffer.alloc(8 << 20, 32)), status: 413,
     headers: {...basic('key-1'), 'Content-Encoding': 'gzip'}},
  ];
  for (const {title, body, headers, status} of refusals) {
    test(`${title} is answered ${status}`, async () => {
      const answer = await fetch(`${daemon.url}/v1/track`, {method: 'POST', body, headers});
      assert.equal(answer.status, status, await answer.text());
    });
  }

  test('the bad items of a batch are recorded and the others taken', async () => {
    const before = await daemon.metric('nurtured_ingest_rejected_total');
    await daemon.take('batch', {batch: [
      {type: 'track', ...track('partly')}, {type: 'track', userId: 'partly'}, {type: 'dance', userId: 'partly'}, 17,
      {type: 'track', ...track('partly')},
    ]}, basic('key-1'));
    assert.equal((await events('partly'))['checklist.downloaded'], 2);
    assert.equal(await daemon.metric('nurtured_ingest_rejected_total') - before, 3);
  });

  test('a repeated messageId changes nothing, in one batch, in two, and by another call', async () => {
    const once = {type: 'track', ...track('again'), messageId: 'again-1'};
    await daemon.take('batch', {batch: [once, once]}, basic('key-1'));
    await daemon.take('batch', {batch: [once]}, basic('key-1'));
    await daemon.take('track', once, basic('key-1'));
    assert.equal((await events('again'))['checklist.downloaded'], 1);
  });

  const cloudEvent = (id, more = {}) => ({specversion: '1.0', id, source: '/shop', type: 'checklist.downloaded', subject: 'cloud',
    data: {checklist: 'launch'}, ...more});
  const modes = [
    {title: 'structured', type: 'application/cloudevents+json', body: JSON.stringify(cloudEvent('c1'))},
    {title: 'batched', type: 'application/cloudevents-batch+json; charset=utf-8',
     body: JSON.stringify([cloudEvent('c2'), cloudEvent('c3')])},
    {title: 'binary', type: 'application/json', body: '{"checklist": "launch"}',
     headers: {'ce-specversion': '1.0', 'ce-id': 'c4', 'ce-source': '/shop', 'ce-type': 'checklist.downloaded', 'ce-subject': 'cloud'}},
    {title: 'a repeated', type: 'application/cloudevents+json', body: JSON.stringify(cloudEvent('c1'))},
  ];
  test('CloudEvents come in all three modes, and a repeat changes nothing', async () => {
    for (const {title, type, body, headers = {}} of modes) {
      const answer = await fetch(`${daemon.url}/v1/events`,
        {method: 'POST', body, headers: {...headers, 'Content-Type': type, Authorization: 'Bearer key-1'}});
      assert.ok(answer.ok, `${title}: ${answer.status} ${await answer.text()}`);
    }
    assert.equal((await events('cloud'))['checklist.downloaded'], 4);
  });

  test('browsers may ask first, and SDKs find their settings', async () => {
    const preflight = await fetch(`${daemon.url}/v1/t`, {method: 'OPTIONS', headers: {
      Origin: 'https://shop.example', 'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type,x-retry-count'}});
    assert.ok(preflight.ok);
    for (const name of ['authorization', 'content-type', 'x-retry-count']) {
      assert.ok(preflight.headers.get('access-control-allow-headers').toLowerCase().includes(name));
    }
    const document = await (await fetch(`${daemon.url}/v1/projects/key-1/settings`)).json();
    assert.equal(document.integrations['Segment.io'].apiKey, 'key-1');
  });

  test('health, readiness and figures', async () => {
    assert.equal((await fetch(`${daemon.url}/healthz`)).status, 200);
    assert.equal((await fetch(`${daemon.url}/readyz`)).status, 200);
    const metrics = await fetch(`${daemon.url}/metrics`);
    assert.match(metrics.headers.get('content-type'), /^text\/plain/);
    assert.match(await metrics.text(), /^# TYPE nurtured_inputs_total counter$/m);
    assert.equal((await fetch(`${daemon.url}/nothing`)).status, 404);
  });
});

test('SIGTERM answers what was taken, keeps it, and ends with 0', async (t) => {
  const folder = await makeWorkspace(t, {...files, 'nurtured.yaml': settings({connector: '{type: file, path: outbox}'})});
  const daemon = await Daemon.start(t, folder);
  let acknowledged = 0;
  let refused = 0;
  let going = true;
  const caller = async (name) => {
    for (let n = 0; going; ++n) {
      const answer = await daemon.post('track', {userId: 'drained', event: 'checklist.downloaded', messageId: `${name}-${n}`})
        .catch(() => undefined);
      if (answer?.status === 200) acknowledged += 1;
      else {
        refused += 1;
        going = false;
      }
    }
  };
  const callers = Array.from({length: 8}, (_, n) => caller(`c${n}`));
  await eventually('some events to be taken', () => acknowledged >= 100);
  assert.deepEqual(await daemon.stop(), {code: 0, signal: null});
  await Promise.all(callers);
  assert.ok(refused > 0);

  const next = await Daemon.start(t, folder);
  const counted = (await ask(folder, 'contact', 'show', 'drained')).events['checklist.downloaded'];
  // A request whose answer the end of its connection swallowed may have been taken too.
  assert.ok(counted >= acknowledged && counted <= acknowledged + refused, `${counted} of ${acknowledged} and ${refused}`);
  assert.deepEqual(await next.stop(), {code: 0, signal: null});
});
