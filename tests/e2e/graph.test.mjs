// Playbooks as pictures, read by the programs that draw them.
import assert from 'node:assert/strict';
import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';

import {JSDOM} from 'jsdom';

import {command, makeWorkspace, projectRoot, temporaryFolder} from './daemon.mjs';
import {message, settings} from './workspaces.mjs';

// Mermaid cleans what it is given with the help of a browser's document.
const page = new JSDOM('');
globalThis.window = page.window;
globalThis.document = page.window.document;
const {default: mermaid} = await import('mermaid');

const hostile = '"]; click n0 "javascript:alert(1)" <script>alert(1)</script><img src=x onerror=alert(1)> ]]> %%{init: {}}%% & end `x` #quot; \\N 😀';
const hostileWorkspace = {
  'nurtured.yaml': settings({connector: '{type: file, path: outbox}'}),
  'content/hello.md': message('value', 'Hello'),
  'playbooks/odd.yaml': `title: '${hostile}'
start: {when: signed.up, if: 'event.text == "<b>&amp;</b>"'}
steps:
  - send: hello
  - choose:
      - if: 'contact.text == "</text><script>alert(1)</script>"'
        then: [{notify: '${hostile}'}]
      - else: [{tag: '</svg><script>'}]
`,
};

const draw = async (folder, ...args) => {
  const {status, stdout, stderr} = await command(folder, ['graph', ...args]);
  assert.equal(status, 0, stderr);
  return stdout;
};

test('what Mermaid is given, Mermaid can read', async (t) => {
  const samples = await readdir(path.join(projectRoot, 'config/examples'));
  const folders = ['config/default', ...samples.map((name) => `config/examples/${name}`)]
    .map((name) => path.join(projectRoot, name));
  folders.push(await makeWorkspace(t, hostileWorkspace));
  for (const folder of folders) {
    const playbooks = await readdir(path.join(folder, 'playbooks'));
    for (const name of ['', ...playbooks.map((file) => file.replace(/\.yaml$/, ''))]) {
      const text = await draw(folder, ...(name ? [name] : []));
      assert.equal((await mermaid.parse(text)).diagramType, 'flowchart-v2', `${folder} ${name}`);
    }
  }
});

test('a picture holds no script and loads nothing, whatever titles say', async (t) => {
  const folder = await makeWorkspace(t, hostileWorkspace);
  const svg = await draw(folder, 'odd', '--format', 'svg');
  const parsed = new page.window.DOMParser().parseFromString(svg, 'image/svg+xml');
  const html = new JSDOM(await draw(folder, 'odd', '--format', 'html')).window.document;
  for (const document of [parsed, html]) {
    assert.equal(document.querySelector('parsererror'), null);
    const elements = [...document.querySelectorAll('svg, svg *')];
    assert.ok(elements.length > 20);
    const shapes = ['ellipse', 'g', 'path', 'polygon', 'polyline', 'svg', 'text', 'title'];
    for (const {localName} of elements) assert.ok(shapes.includes(localName), localName);
    for (const {name} of elements.flatMap((element) => [...element.attributes])) assert.doesNotMatch(name, /^on|href$/i);
    assert.match(document.querySelector('svg').textContent, /<script>alert/);
  }
  assert.equal(html.querySelectorAll('script, img, link, iframe').length, 0);
  assert.equal(html.title, hostile);
  assert.match(html.querySelector('meta[http-equiv]').content, /default-src 'none'/);
});

test('the same playbook gives the same bytes, and --output holds them', async (t) => {
  const folder = await makeWorkspace(t, hostileWorkspace);
  const output = path.join(await temporaryFolder(t), 'odd');
  for (const format of ['mermaid', 'dot', 'svg', 'html']) {
    const first = await draw(folder, 'odd', '--format', format);
    assert.equal(await draw(folder, 'odd', '--format', format), first);
    assert.equal(await draw(folder, 'odd', '--format', format, '--output', output), '');
    assert.equal(await readFile(output, 'utf8'), first);
  }
});

test('without Graphviz, the other formats remain', async (t) => {
  const folder = await makeWorkspace(t, hostileWorkspace);
  const env = {PATH: folder};
  const {status, stdout, stderr} = await command(folder, ['graph', 'odd', '--format', 'svg'], {env});
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /dot is not installed; install Graphviz \(apt install graphviz\), or use --format mermaid/);
  assert.equal((await command(folder, ['graph', 'odd'], {env})).status, 0);
});

test('a playbook that there is not is named, with the nearest', async (t) => {
  const folder = await makeWorkspace(t, hostileWorkspace);
  const {status, stderr} = await command(folder, ['graph', 'ode']);
  assert.equal(status, 1);
  assert.match(stderr, /there is no playbook ode; .*odd/);
});
