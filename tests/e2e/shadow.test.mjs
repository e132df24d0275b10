// What changed files would have done with what a daemon recorded, as a page in a browser on a phone.
import assert from 'node:assert/strict';
import {access, readFile} from 'node:fs/promises';
import path from 'node:path';
import {test} from 'node:test';
import {pathToFileURL} from 'node:url';

import {JSDOM} from 'jsdom';
import {chromium} from 'playwright-core';

import {Daemon, command, eventually, makeWorkspace, writeFiles} from './daemon.mjs';
import {message, person, settings} from './workspaces.mjs';

const browserFile = '/usr/bin/chromium';
const noBrowser = await access(browserFile).then(() => false, () => `there is no ${browserFile}`);

const hostile = '<img src=x onerror=alert(1)></table><script>alert(1)</script>';
const longName = 'a-very-long-name-of-a-message-that-nobody-would-choose-and-somebody-will';
const phone = {width: 360, height: 740};

test('a shadow\'s page loads nothing, escapes names, and fits a phone', {skip: noBrowser}, async (t) => {
  const folder = await makeWorkspace(t, {
    'nurtured.yaml': settings({connector: '{type: file, path: outbox}'}),
    'events.yaml': 'events: {form.sent: {}}\n',
    'playbooks/welcome.yaml': `start: {when: form.sent}\nsteps:\n  - send: hello\n  - send: ${longName}\n`,
    'content/hello.md': message('value', 'Hello'),
    [`content/${longName}.md`]: message('value', 'Long'),
  });
  const daemon = await Daemon.start(t, folder);
  for (const id of ['u1', hostile]) {
    await daemon.take('identify', {...person('u1'), userId: id});
    await daemon.take('track', {userId: id, event: 'form.sent'});
  }
  await eventually('all to be sent', async () => await daemon.metric('nurtured_deliveries_total') >= 4);
  await writeFiles(folder, {[`content/${longName}.md`]: message('offer', 'Buy')});
  const report = path.join(folder, 'shadow.html');
  const {status, stderr} = await command(folder, ['simulate', '--shadow', '--days', '2', '--report', report]);
  assert.equal(status, 0, stderr);

  const {document} = new JSDOM(await readFile(report, 'utf8')).window;
  assert.equal(document.querySelectorAll('script, img, link, iframe, a').length, 0);
  assert.match(document.querySelector('meta[http-equiv]').content, /^default-src 'none'/);
  assert.deepEqual([...document.querySelectorAll('h2')].map((heading) => heading.textContent),
    ['Messages sent by day', 'By playbook and message', 'Holds', 'Message by message', 'What the comparison does not know']);
  const rows = [...document.querySelectorAll('tr')].map((row) => [...row.cells].map((cell) => cell.textContent));
  assert.ok(rows.some((cells) => cells.join() === `welcome,${longName},2,0,-2`), JSON.stringify(rows));
  assert.ok(rows.some((cells) => cells[1] === hostile && cells.at(-1) === 'held (touches)'), JSON.stringify(rows));

  const browser = await chromium.launch({executablePath: browserFile, args: ['--no-sandbox']});
  t.after(() => browser.close());
  const page = await browser.newPage({viewport: phone});
  const told = [];
  const asked = [];
  page.on('console', (line) => told.push(line.text()));
  page.on('request', (request) => asked.push(request.url()));
  const url = pathToFileURL(report).href;
  await page.goto(url);
  assert.deepEqual(told, []);
  assert.deepEqual(asked, [url]);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), phone.width);
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.emulateMedia({colorScheme: 'dark'});
  assert.notEqual(await ground(), light);
});
