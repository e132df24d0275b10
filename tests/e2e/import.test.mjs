// Files of people and of their history: kill -9 in the middle loses nothing and doubles nothing, with a daemon and without.
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import {test} from 'node:test';

import {Daemon, ask, binary, command, makeWorkspace} from './daemon.mjs';
import {message, settings} from './workspaces.mjs';

const people = 20_000;
const killsMax = 3;

const workspace = () => ({
  'nurtured.yaml': settings({connector: '{type: file, path: out}'}),
  'touchpoints.yaml': 'touchpoints:\n  webinar.attended: {channel: site, stage: consideration, media: owned, place: online, '
    + 'kind: value, role: trust, count_every: 1d}\n',
  'playbooks/welcome.yaml': 'start: {when: contact.identified}\nsteps:\n  - send: hello\n',
  'playbooks/after.yaml': 'start: {when: webinar.attended}\nsteps:\n  - send: hello\n',
  'content/hello.md': message('reply', 'Hello'),
});

const peopleCsv = () => ['email;Имя;consent.email;consent.email.wording',
  ...Array.from({length: people}, (_, i) => `u${i}@example.net;Анна ${i};2025-11-03;"ja; ""gern"""`), ''].join('\r\n');
// Two touches of each, a month apart.
const touchesJsonl = () => Array.from({length: people},
  (_, i) => JSON.stringify({contact: `u${i % (people / 2)}@example.net`, event: 'webinar.attended', at: `2026-0${i < people / 2 ? 1 : 2}-02`}))
  .join('\n');

// Runs an import and kills it as soon as the store tells that it is in the middle. True where it was killed in time.
async function killedInTheMiddle(folder, args) {
  const child = spawn(binary, ['--config', folder, 'import', ...args], {stdio: 'ignore'});
  const ended = once(child, 'close');
  const marks = () => {
    if (!existsSync(path.join(folder, 'nurtured.db'))) return 0;
    const text = execFileSync('sqlite3', ['-readonly', path.join(folder, 'nurtured.db'),
      "select value from meta where key like 'import:%' and cast(value as text) like '%\"finished\":false%'"], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']});
    return Number(/"line":(\d+)/.exec(text)?.[1] ?? 0);
  };
  const before = marks();
  while (child.exitCode === null && child.signalCode === null) {
    let line = 0;
    try {
      line = marks();
    } catch {
      line = 0;  // the store is being made
    }
    if (line > before) child.kill('SIGKILL');
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [, signal] = await ended;
  return signal === 'SIGKILL';
}

async function importThroughKills(folder, args) {
  let kills = 0;
  while (kills < killsMax && await killedInTheMiddle(folder, args)) ++kills;
  const {status, stderr} = await command(folder, ['import', ...args]);
  assert.equal(status, 0, stderr);
  assert.ok(kills > 0, 'it was too fast to be killed');
  assert.match(stderr, /going on after line \d+|nothing is to be done/);
  return kills;
}

for (const withDaemon of [false, true]) {
  test(`an import that is killed goes on where it stopped and doubles nothing, ${withDaemon ? 'through the daemon' : 'without a daemon'}`, async (t) => {
    const folder = await makeWorkspace(t, workspace());
    const [contacts, touches] = ['people.csv', 'history.jsonl'].map((name) => path.join(folder, name));
    await writeFile(contacts, peopleCsv());
    await writeFile(touches, touchesJsonl());
    const daemon = withDaemon ? await Daemon.start(t, folder) : undefined;
    const kills = await importThroughKills(folder, ['contacts', contacts]) + await importThroughKills(folder, ['touches', touches]);
    t.diagnostic(`killed ${kills} times`);
    let after = 0;
    let known = 0;
    for (;;) {
      const page = await ask(folder, 'contact', 'list', '--limit', '1000', '--after', String(after));
      for (const contact of page.contacts) {
        const number = Number(/^u(\d+)@/.exec(contact.id)[1]);
        assert.equal(contact.touches, number < people / 2 ? 2 : 0, contact.id);
        assert.equal(contact.events['contact.identified'], 1, contact.id);
        assert.equal(contact.consent.email.at, '2025-11-03T00:00:00Z');
        assert.equal(contact.consent.email.wording, 'ja; "gern"');
        assert.deepEqual(contact.enrollments, []);
        ++known;
      }
      if (page.after === null) break;
      after = page.after;
    }
    assert.equal(known, people);
    assert.deepEqual((await ask(folder, 'delivery', 'list')).deliveries, []);
    const again = await command(folder, ['import', 'touches', touches]);
    assert.equal(again.status, 0);
    assert.match(again.stderr, /nothing is to be done/);
    if (daemon) await daemon.stop();
  });
}

test('bad lines stop nothing, are told, and are taken from their file once they are mended', async (t) => {
  const folder = await makeWorkspace(t, workspace());
  const file = path.join(folder, 'people.csv');
  await writeFile(file, 'email,city\nanna@example.org,Tver\nnobody,Perm\nbob@example.org,"Tula\n');
  const trial = await command(folder, ['import', 'contacts', file, '--dry-run']);
  assert.equal(trial.status, 1);
  assert.match(trial.stdout, /^2: anna@example.org new$/m);
  assert.deepEqual((await ask(folder, 'contact', 'list')).contacts, []);
  assert.ok(!existsSync(`${file}.errors.csv`));
  const {status, stdout, stderr} = await command(folder, ['import', 'contacts', file]);
  assert.equal(status, 1);
  assert.match(stdout, /3 contacts: 1 taken.*not taken: 2/);
  assert.match(stderr, /people\.csv:3: email: /);
  assert.doesNotMatch(stderr, /\x1b|\r/);  // no terminal, no bar
  const errors = readFileSync(`${file}.errors.csv`, 'utf8');
  assert.match(errors, /^"import\.line","import\.column","import\.reason","email","city"\r\n"3","email","[^"]+","nobody","Perm"\r\n"4",/);
  await writeFile(`${file}.errors.csv`, errors.replace('nobody', 'nora@example.org').replace(/"4",.*\r\n/, ''));
  const mended = await command(folder, ['import', 'contacts', `${file}.errors.csv`]);
  assert.equal(mended.status, 0, mended.stderr);
  const {contacts} = await ask(folder, 'contact', 'list');
  assert.deepEqual(contacts.map((contact) => [contact.id, contact.attributes]), [
    ['anna@example.org', {city: 'Tver'}], ['nora@example.org', {city: 'Perm'}]]);
});

test('a list of people who agreed at one occasion comes through a pipe with its evidence', async (t) => {
  const folder = await makeWorkspace(t, workspace());
  const {status, stdout} = await command(
    folder, ['import', 'contacts', '--as', 'csv', '--map', 'Name=first_name', '--consent', 'email=2026-03-01:the list at the stand', '-', '--format', 'json'],
    {input: 'Mail\tName\nanna@example.org\tАнна\n'});
  assert.equal(status, 0);
  assert.deepEqual(JSON.parse(stdout), {rows: 1, taken: 1, new: 1, not_taken: 0, skipped: 0, dry_run: false});
  const {consent} = await ask(folder, 'contact', 'show', 'anna@example.org');
  assert.deepEqual(consent.email,
    {given: true, at: '2026-03-01T00:00:00Z', source: 'import', wording: 'the list at the stand', from: ''});
});

test('what an import cannot mean is refused before anything happens', async (t) => {
  const folder = await makeWorkspace(t, workspace());
  const file = path.join(folder, 'people.csv');
  await writeFile(file, 'email,score\nanna@example.org,7\n');
  for (const [args, said] of [
    [['contacts', file], /score/],
    [['contacts', folder], /does not tell|is a folder/],
    [['contacts', `${file}.csv`], /cannot be read/],
    [['contacts', '-'], /--as/],
    [['contacts', file, '--map', 'score=nonsense'], /no field/],
    [['contacts', file, '--charset', 'no-such'], /no charset/],
  ]) {
    const {status, stderr} = await command(folder, ['import', ...args]);
    assert.equal(status, 1, args.join(' '));
    assert.match(stderr, said);
  }
  for (const args of [['contacts'], ['people', file], ['contacts', file, '--map', 'score'], ['contacts', file, '--consent', 'email']]) {
    assert.equal((await command(folder, ['import', ...args])).status, 2, args.join(' '));
  }
});
