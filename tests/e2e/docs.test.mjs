// The examples of the guides are run, not only read: the playbook is checked within the workspace that `init`
// writes, and the events are simulated through it.
import assert from 'node:assert/strict';
import {readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import {command, projectRoot, temporaryFolder} from './daemon.mjs';

// The fenced blocks of a document by what stands after their language: ```yaml playbooks/a.yaml.
async function examples(document) {
  const text = await readFile(path.join(projectRoot, document), 'utf8');
  return new Map([...text.matchAll(/^```\w+ (\S+)\n([^]*?)^```$/gm)].map(([, name, body]) => [name, body]));
}

test('the playbook of the guide is good, and sends what the guide says', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'shop');
  const found = await examples('docs/playbooks.md');
  assert.equal((await command(folder, ['init', folder])).status, 0);
  for (const name of ['playbooks/after-checklist.yaml', 'playbooks/birthday.yaml', 'segments.yaml']) {
    await writeFile(path.join(folder, name), found.get(name));
  }
  const settings = path.join(folder, 'nurtured.yaml');
  await writeFile(settings, (await readFile(settings, 'utf8')) + found.get('fill'));
  const checked = await command(folder, ['check']);
  assert.equal(checked.status, 0, checked.stdout + checked.stderr);
  await writeFile(path.join(folder, 'events.jsonl'), found.get('events.jsonl'));
  const {status, stdout, stderr} = await command(
    folder, ['simulate', '--events', path.join(folder, 'events.jsonl'), '--until', '2026-04-01T00:00:00Z']);
  assert.equal(status, 0, stderr);
  const lines = stdout.trim().split('\n').map((line) => JSON.parse(line));
  const sends = lines.filter((line) => line.playbook === 'after-checklist' && line.do === 'send');
  assert.deepEqual(sends.map(({message, at}) => [message, at]), [
    ['checklist', '2026-03-02T08:30:00Z'],
    ['webinar-invite', '2026-03-05T07:00:00Z'],  // two days later, then on to 10:00 in Moscow
  ]);
});

test('the habits of the guide are good, and people live by them', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'shop');
  const found = await examples('docs/simulate.md');
  assert.equal((await command(folder, ['init', folder])).status, 0);
  const habits = path.join(folder, 'habits.yaml');
  await writeFile(habits, found.get('habits.yaml'));
  const {status, stdout, stderr} = await command(
    folder, ['simulate', '--people', '200', '--days', '60', '--habits', habits, '--format', 'json']);
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  const {joined, playbooks} = JSON.parse(stdout);
  assert.equal(joined, 200);
  assert.ok(playbooks[0].started > 50, stdout);
});

test('what the guide says of links, pages and forms can be written so', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'shop');
  const found = await examples('docs/return.md');
  assert.equal((await command(folder, ['init', folder])).status, 0);
  await writeFile(path.join(folder, 'playbooks/lead.yaml'), found.get('playbook'));
  for (const [name, kind, text] of [['please-confirm', 'reply', '[Yes]({{ confirm_url }})'], ['welcome', 'value', 'Hello.']]) {
    await writeFile(path.join(folder, `content/${name}.md`), `---\nkind: ${kind}\nsubject: ${name}\n---\n${text}\n`);
  }
  const settings = path.join(folder, 'nurtured.yaml');
  const more = ['tracking', 'pages', 'hooks'].map((name) => found.get(name)).join('');
  await writeFile(settings, (await readFile(settings, 'utf8')) + more);
  const events = path.join(folder, 'events.yaml');
  await writeFile(events, (await readFile(events, 'utf8')) + '  form.sent: {}\n');
  const {status, stdout, stderr} = await command(folder, ['check']);
  assert.equal(status, 0, stdout + stderr);
  assert.doesNotMatch(stdout, /error|unknown/);
});

test('the tables of the guide are imported, and people have the history that they tell', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'shop');
  const found = await examples('docs/import.md');
  assert.equal((await command(folder, ['init', folder])).status, 0);
  await writeFile(path.join(folder, 'touchpoints.yaml'), 'touchpoints:\n  webinar.attended: {channel: site, stage: consideration, '
    + 'media: owned, place: online, kind: value, role: trust, count_every: 1d}\n');
  for (const [kind, name] of [['contacts', 'people.csv'], ['touches', 'history.csv'], ['touches', 'meetings.jsonl']]) {
    const file = path.join(folder, name);
    await writeFile(file, found.get(name));
    const {status, stderr} = await command(folder, ['import', kind, file]);
    assert.equal(status, 0, stderr);
  }
  const shown = async (id) => JSON.parse((await command(folder, ['contact', 'show', id, '--format', 'json'])).stdout);
  const anna = await shown('anna@example.org');
  assert.equal(anna.touches, 3);
  assert.deepEqual(anna.tags, ['fair', 'vip']);
  assert.equal(anna.consent.email.wording, 'I agree to get the newsletter');
  assert.equal(anna.consent.email.from, 'https://example.org/start');
  assert.equal((await shown('bob@example.org')).consent.email.given, false);
  assert.equal((await shown('carl@example.org')).attributes.city, 'Tula\n(old town)');
});

test('what the guide says of bots, questions and humans can be written so, and goes as it says', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'shop');
  const found = await examples('docs/talks.md');
  assert.equal((await command(folder, ['init', folder])).status, 0);
  await writeFile(path.join(folder, 'playbooks/quiz.yaml'), found.get('playbooks/quiz.yaml'));
  for (const [name, kind] of [['how-big', 'reply'], ['how-long', 'reply'], ['quiz-result', 'value']]) {
    await writeFile(path.join(folder, `content/${name}.md`), `---\nkind: ${kind}\nsubject: ${name}\n---\n[Chat]({{ chat_urls.telegram }})\n`);
  }
  const settings = path.join(folder, 'nurtured.yaml');
  const own = await readFile(settings, 'utf8');
  // The guide's connector and channel stand beside those of `init`.
  const beside = (text, key) => text.replace(new RegExp(`^${key}:\n`, 'm'), () => `${key}:\n${section(found.get('bot'), key)}`);
  const section = (text, key) => text.match(new RegExp(`^${key}:\n((?:  .*\n)+)`, 'm'))[1];
  await writeFile(settings, beside(beside(own, 'connectors'), 'channels') + found.get('handoff'));
  await writeFile(path.join(folder, 'telegram'), '1:AA');
  const env = {CREDENTIALS_DIRECTORY: folder};
  const checked = await command(folder, ['check'], {env});
  assert.equal(checked.status, 0, checked.stdout + checked.stderr);
  assert.doesNotMatch(checked.stdout, /unknown/);

  const said = (minute, event, properties) => JSON.stringify({
    type: 'track', userId: 'u1', event, timestamp: `2026-03-02T08:0${minute}:00Z`, properties: {channel: 'telegram', ...properties},
  });
  const events = [
    JSON.stringify({type: 'identify', userId: 'u1', timestamp: '2026-03-02T07:00:00Z',
      traits: {firstName: 'Anna', channels: {telegram: '4711'}}}),
    said(0, 'chat.started'), said(1, 'message.replied', {text: 'a team'}), said(2, 'message.replied', {text: 'many'}),
    said(3, 'message.replied', {text: '7'}), said(4, 'message.replied', {text: 'Are you there?'}),
  ].join('\n');
  const {status, stdout, stderr} = await command(
    folder, ['simulate', '--events', '-', '--until', '2026-04-01T00:00:00Z'], {input: events, env});
  assert.equal(status, 0, stderr);
  const lines = stdout.trim().split('\n').map((line) => JSON.parse(line)).filter(({playbook}) => playbook === 'quiz');
  assert.deepEqual(lines.filter(({do: what}) => ['send', 'ask', 'handoff'].includes(what))
    .map(({at, do: what, message, detail}) => [at.slice(5, 16), what, message ?? detail]), [
    ['03-02T08:00', 'send', 'how-big'], ['03-02T08:00', 'ask', 'how-big'],
    ['03-02T08:01', 'send', 'how-long'], ['03-02T08:01', 'ask', 'how-long'],
    ['03-02T08:02', 'send', 'ask:again'],
    ['03-02T08:03', 'handoff', 'Anna leads a team, 7 years in business'],
    ['03-04T09:00', 'send', 'quiz-result'],  // after the quiet hours
  ]);
});

test('the scenarios of the guide pass', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'shop');
  const found = await examples('docs/testing.md');
  assert.equal((await command(folder, ['init', folder])).status, 0);
  for (const name of ['tests/invite.yaml', 'tests/weekdays.yaml']) await writeFile(path.join(folder, name), found.get(name));
  const {status, stdout, stderr} = await command(folder, ['test', 'tests/invite.yaml', 'tests/weekdays.yaml']);
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^ok    tests\/invite\.yaml: the invite follows the checklist by two days$/m);
  assert.match(stdout, /^scenarios: 3, failed: 0$/m);
  // What it shows of a failure is what is printed.
  const late = found.get('tests/invite.yaml').replace('2026-03-04', '2026-03-03').replace('follows the checklist by two days', 'comes the next day');
  await writeFile(path.join(folder, 'tests/invite.yaml'), late);
  const failed = await command(folder, ['test', 'tests/invite.yaml']);
  assert.equal(failed.status, 1);
  const text = await readFile(path.join(projectRoot, 'docs/testing.md'), 'utf8');
  for (const line of ['FAIL  tests/invite.yaml: the invite comes the next day', 'it happened at 2026-03-04 11:30, 24h later',
    '2026-03-02 11:30  event: checklist.downloaded']) {
    assert.ok(failed.stdout.includes(line), failed.stdout);
    assert.ok(text.includes(line));
  }
});

test('the schemas that the guide maps are those that are written', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'shop');
  const found = await examples('docs/editors.md');
  assert.equal((await command(folder, ['init', folder])).status, 0);
  const {status, stdout, stderr} = await command(folder, ['schema', '--into', path.join(folder, 'schema')]);
  assert.equal(status, 0, stderr);
  const written = stdout.trim().split('\n').map((file) => path.relative(folder, file));
  const mapped = Object.keys(JSON.parse(found.get('.vscode/settings.json'))['yaml.schemas']);
  assert.deepEqual([...mapped, 'schema/message.schema.json'].sort(), written);  // front matter is no YAML file
  for (const [, file] of found.get('.helix/languages.toml').matchAll(/^"([^"]+)"/gm)) assert.ok(written.includes(file), file);
  const playbook = await readFile(path.join(folder, 'playbooks/checklist-to-webinar.yaml'), 'utf8');
  assert.ok(playbook.startsWith(found.get('line')));
  const drafted = await command(folder, ['schema', '--learn', '--days', '90']);
  assert.equal(drafted.status, 0, drafted.stderr);
  assert.equal(drafted.stdout, await readFile(path.join(folder, 'events.yaml'), 'utf8'));
});
