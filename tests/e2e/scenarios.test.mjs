// `nurtured test` as CI uses it: what it prints is read by real parsers of TAP, JUnit's XML and JSON Schema, names that
// mean harm included; and a thousand scenarios take seconds.
import assert from 'node:assert/strict';
import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import Ajv from 'ajv';
import {XMLParser, XMLValidator} from 'fast-xml-parser';
import {Parser} from 'tap-parser';
import {command, makeWorkspace, projectRoot, temporaryFolder, writeFiles} from './daemon.mjs';

const person = '{id: u1, email: u1@example.org, consent: {email: true}}';
const begins = '[{at: "2026-03-02 11:30", event: checklist.downloaded}]';
const scenario = (name, expectation) =>
  `  - {name: ${JSON.stringify(name)}, contact: ${person}, events: ${begins}, expect: [${expectation}]}\n`;

// The workspace of `init` with scenarios of its own.
async function shop(t, files) {
  const folder = path.join(await temporaryFolder(t), 'shop');
  assert.equal((await command(folder, ['init', folder])).status, 0);
  await writeFiles(folder, files);
  return folder;
}

const hostile = ['a # hash', 'back \\ slash', '</testcase><testcase name="', ']]> & "quotes" <b>', "it's", 'ok 7 - not so', 'Привет 你好'];

test('the first workspace comes with scenarios that pass', async (t) => {
  const folder = await shop(t, {});
  const {status, stdout, stderr} = await command(folder, ['test', '--coverage-min', '100']);
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /scenarios: 2, failed: 0, coverage: 100%/);
});

test('a TAP parser and an XML parser read every name, and what failed', async (t) => {
  const tests = hostile.map((name) => scenario(name, '{send: webinar-invite}')).join('')
    + hostile.map((name) => scenario(`${name} bad`, '{send: webinar-invite, at: "2026-03-03"}')).join('');
  const folder = await shop(t, {'tests/checklist.yaml': `tests:\n${tests}`});
  const file = path.join(folder, 'results.xml');
  const {status, stdout} = await command(folder, ['test', '--format', 'tap', '--junit', file]);
  assert.equal(status, 1);
  const names = [...hostile, ...hostile.map((name) => `${name} bad`)];

  const points = [];
  const parser = new Parser({strict: true});
  parser.on('assert', (point) => points.push(point));
  await new Promise((resolve) => { parser.on('complete', resolve); parser.end(stdout); });
  assert.deepEqual(parser.results.failures.filter((failure) => failure.tapError), []);
  assert.equal(parser.results.count, names.length);
  assert.equal(parser.results.fail, hostile.length);
  assert.deepEqual(points.map(({name}) => name), names);
  const {diag} = points.at(-1);
  assert.match(diag.message, /^expected: send webinar-invite at 2026-03-03; it happened at 2026-03-04 11:30/);
  assert.equal(diag.at.line, 15);

  const xml = await readFile(file, 'utf8');
  assert.equal(XMLValidator.validate(xml), true);
  const {testsuites} = new XMLParser({ignoreAttributes: false, attributeNamePrefix: '', processEntities: true}).parse(xml);
  assert.equal(testsuites.tests, String(names.length));
  assert.equal(testsuites.failures, String(hostile.length));
  assert.deepEqual(testsuites.testsuite.testcase.map(({name}) => name), names);
  assert.match(testsuites.testsuite.testcase.at(-1).failure.message, /^expected: send webinar-invite/);
});

test('a broken file is told with its place, fails the run, and leaves the others running', async (t) => {
  const folder = await shop(t, {'tests/broken.yaml': 'tests:\n  - {name: n, contact: {id: u}, start: 2026-03-02, expect: [{send: webinar-invit}]}\n'});
  for (const name of ['check', 'test']) {
    const {status, stdout} = await command(folder, [name]);
    assert.equal(status, 1);
    assert.match(stdout, /shop\/tests\/broken\.yaml:2:\d+: error: there is no message `webinar-invit`; did you mean `webinar-invite`\?/);
  }
  const {stdout} = await command(folder, ['test', '--format', 'json']);
  const report = JSON.parse(stdout);
  assert.equal(report.passed, false);
  assert.equal(report.problems.length, 1);
  assert.deepEqual(report.tests.map(({passed}) => passed), [true, true]);
});

test('scenarios are chosen by name, file and pattern; what names none is wrong usage', async (t) => {
  const folder = await shop(t, {'tests/more.yaml': `tests:\n${scenario('Zebra', '{send: webinar-invite}')}${scenario('zoo', '{send: webinar-invite}')}`});
  const count = async (...args) => (await command(folder, ['test', ...args])).stdout.match(/scenarios: (\d+)/)?.[1];
  assert.equal(await count(), '4');
  assert.equal(await count('Zebra'), '1');
  assert.equal(await count('Zebra', 'zoo'), '2');
  assert.equal(await count('tests/more.yaml'), '2');
  assert.equal(await count('--only', 'ZEB'), '1');
  assert.equal(await count('--only', 'z*o'), '1');
  for (const args of [['Zebrra'], ['--only', 'giraffe'], ['--format', 'xml'], ['--coverage-min', '101'], ['--coverage-min', 'all']]) {
    const {status, stderr} = await command(folder, ['test', ...args]);
    assert.equal(status, 2, args.join(' '));
    assert.notEqual(stderr, '');
  }
  assert.match((await command(folder, ['test', 'Zebrra'])).stderr, /did you mean `Zebra`/);
  assert.equal((await command(folder, ['test', '--junit', path.join(folder, 'nowhere/results.xml')])).status, 1);
});

test('a workspace without scenarios, or with errors of its own, is no success', async (t) => {
  const settings = 'connectors: {out: {type: file, path: outbox}}\nchannels: {email: out}\n';
  const none = await makeWorkspace(t, {'nurtured.yaml': settings});
  const {status, stderr} = await command(none, ['test']);
  assert.equal(status, 1);
  assert.match(stderr, /there are no scenarios/);
  const wrong = await makeWorkspace(t, {'nurtured.yaml': `${settings}mix: {value: much}\n`});
  const tap = await command(wrong, ['test', '--format', 'tap']);
  assert.equal(tap.status, 1);
  assert.match(tap.stdout, /^Bail out! /m);
});

test('coverage names what no scenario came by, and a share can be asked for', async (t) => {
  const folder = await shop(t, {'tests/checklist.yaml': 'tests:\n  - {name: n, contact: {id: u}, events: [{at: 2026-03-02, event: '
    + 'webinar.registered}], expect: [{never: {send: checklist}}]}\n'});
  const {status, stdout} = await command(folder, ['test', '--coverage']);
  assert.equal(status, 0);
  assert.match(stdout, /checklist-to-webinar\s+0 of 3 \(0%\)/);
  assert.match(stdout, /playbooks\/checklist-to-webinar\.yaml:\d+:\d+: not reached: step send:webinar-invite/);
  const asked = await command(folder, ['test', '--coverage-min', '1', '--format', 'json']);
  assert.equal(asked.status, 1);
  assert.equal(JSON.parse(asked.stdout).coverage.percent, 0);
  assert.equal(JSON.parse(asked.stdout).coverage.playbooks[0].missed.length, 3);
});

test('a thousand scenarios take seconds, and print the same bytes', async (t) => {
  const names = Array.from({length: 1000}, (_, i) => scenario(`number ${i}`, '{send: webinar-invite, at: 2d}, {never: {tag: x}}'));
  const folder = await shop(t, {'tests/many.yaml': `tests:\n${names.join('')}`});
  const began = Date.now();
  const first = await command(folder, ['test', '--format', 'json', '--coverage']);
  const seconds = (Date.now() - began) / 1000;
  assert.equal(first.status, 0, first.stdout.slice(0, 1000));
  t.diagnostic(`1002 scenarios in ${seconds.toFixed(2)} s`);
  assert.ok(seconds < 60, `${seconds} s`);
  assert.equal((await command(folder, ['test', '--format', 'json', '--coverage'])).stdout, first.stdout);
});

test('the samples are what the schema says', async () => {
  const schema = JSON.parse(await readFile(path.join(projectRoot, 'config/schema/test.schema.json'), 'utf8'));
  const validate = new Ajv({allowUnionTypes: true}).compile(schema);
  const {parse} = await import('yaml');
  const samples = await readdir(path.join(projectRoot, 'config/examples'));
  for (const folder of ['config/default/tests', ...samples.map((name) => `config/examples/${name}/tests`)]) {
    for (const name of await readdir(path.join(projectRoot, folder))) {
      const value = parse(await readFile(path.join(projectRoot, folder, name), 'utf8'));
      assert.ok(validate(value), `${name}: ${JSON.stringify(validate.errors?.slice(0, 5))}`);
    }
  }
});
