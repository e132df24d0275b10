// The JSON Schemas judged by a validator that is not ours: what the program takes they take, and what they refuse it
// refuses. The general ones of config/schema and those that `nurtured schema` makes for a workspace.
import assert from 'node:assert/strict';
import {readFile, readdir, rm, writeFile} from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import Ajv from 'ajv';
import {parse} from 'yaml';
import {command, Daemon, makeWorkspace, projectRoot, temporaryFolder, writeFiles} from './daemon.mjs';
import {checklistEvent, person, settings} from './workspaces.mjs';

const kinds = ['events', 'habits', 'message', 'nurtured', 'playbook', 'samples', 'segments', 'test', 'touchpoints'];

// {kind: validate} of schemas by kind.
function validators(schemas) {
  const ajv = new Ajv({allErrors: true, allowUnionTypes: true, strictTypes: false, strictRequired: false});
  return Object.fromEntries(kinds.map((kind) => [kind, ajv.compile(schemas[kind])]));
}

const general = validators(Object.fromEntries(await Promise.all(kinds.map(async (kind) =>
  [kind, JSON.parse(await readFile(path.join(projectRoot, `config/schema/${kind}.schema.json`), 'utf8'))]))));

async function ofWorkspace(folder) {
  const {status, stdout, stderr} = await command(folder, ['schema', '--format', 'json']);
  assert.equal(status, 0, stderr);
  return validators(JSON.parse(stdout));
}

// Which schema a file of a workspace is of, and what it is a schema of: of a message the front matter.
function read(file, text) {
  const [folder, name] = file.includes('/') ? file.split('/') : ['', file];
  if (folder === 'content') {
    const front = /^---\n([^]*?)^---$/m.exec(text);
    return name.endsWith('.md') && front ? ['message', parse(front[1])] : [];
  }
  if (!file.endsWith('.yaml')) return [];
  if (folder === 'playbooks') return ['playbook', parse(text)];
  if (folder === 'tests') return ['test', parse(text)];
  return [name.slice(0, -'.yaml'.length), parse(text)];
}

async function shop(t, preset, files = {}) {
  const folder = path.join(await temporaryFolder(t), 'shop');
  assert.equal((await command(folder, ['init', folder, '--preset', preset])).status, 0);
  await writeFiles(folder, files);
  return folder;
}

for (const preset of ['expert', 'b2b', 'retail', 'fmcg', '']) {
  test(`every file of the workspace ${preset || 'of init'} fits its schema, the general one and its own`, async (t) => {
    const folder = preset ? await shop(t, preset) : path.join(await temporaryFolder(t), 'shop');
    if (!preset) assert.equal((await command(folder, ['init', folder])).status, 0);
    const own = await ofWorkspace(folder);
    let judged = 0;
    for (const file of await readdir(folder, {recursive: true})) {
      if (!/\.(yaml|md)$/.test(file)) continue;
      const [kind, value] = read(file, await readFile(path.join(folder, file), 'utf8'));
      if (!kind) continue;
      judged += 1;
      for (const [name, validate] of [['general', general[kind]], ['own', own[kind]]]) {
        assert.ok(validate(value), `${name}: ${file}: ${JSON.stringify(validate.errors, null, 1)}`);
      }
    }
    assert.ok(judged > 6, `${judged}`);
  });
}

// What CONTRACT names, in as many ways as it may be written.
const playbook = (start, steps, more = '') => `start: ${start}\n${more}steps:\n${steps.map((step) => `  - ${step}\n`).join('')}`;
const constructs = {
  'segments.yaml': 'segments:\n  hot: {if: "contact.score >= 50 && !did(\'order.paid\', \'30d\')"}\n  always: {if: true}\n',
  'samples.yaml': 'samples:\n  anna: {contact: {first_name: Anna, tags: [warm]}, event: {webinar: launch}, enrollment: {answer: 3}}\n',
  'content/made.md': '---\nkind: reminder\nsubject: "{{ contact.first_name }}"\npreheader: Soon\nstage: consideration\nrole: trust\n'
    + 'topic: webinars\nexpires: now + duration("2h")\nbuttons:\n  - {id: web, text: Sign up, url: "https://example.org/w"}\n'
    + 'channels:\n  telegram: {text: "Soon."}\n---\nSoon.\n',
  'playbooks/c1.yaml': playbook('webinar.registered', ['send: checklist', '{wait: 1d12h, at: "10:00", days: [mon, fri]}',
    '{id: invite, send: webinar-invite, hold: 14d, while_held: go_on, via: all}',
    '{send: case-coach, hold: {for: 14d, expires: "now + duration(\'24h\')", otherwise: [{tag: cold}]}, via: {all: [email, telegram]}}',
    '{wait_for: link.clicked, if: event.link == "webinar", within: 1d, then: [{tag: warm}], otherwise: [{untag: [warm, cold]}]}'],
  'title: All\nstage: consideration\npriority: 60\nvia: [telegram, email]\nagain: after 90d\nmeanwhile: restart\nlate: skip\n'
    + 'per: event.webinar\ngoal: {when: order.paid, if: event.total > 5, within: 30d}\n'
    + 'stop:\n  - message.replied\n  - {when: message.complained}\n  - {if: \'"customer" in contact.tags\'}\n'),
  'playbooks/c2.yaml': playbook('[{segment: hot}, {leaves: hot}, {manual: true}, {when: order.paid, if: event.total > 1}]', [
    '{wait_until: now, if_past: skip}', '{any: [order.paid, ticket.opened], within: 2d, save: paid}',
    '{choose: [{if: contact.score >= 50, then: [{notify: "Hot {{ contact.first_name }}"}]}, {else: [{tag: warm}]}]}',
    '{split: {short: {weight: 50, steps: [{move_to: decision}]}, long: }}',
    '{repeat: {times: 2, steps: [{wait: 1d}]}}', '{repeat: {while: contact.score < 9, steps: [{wait: 1d}, {score: 5}]}}',
    '{set: {plan: pro, until: "=now", text: "{{ contact.first_name }}"}}', '{score: {set: 0}}', 'emit: course.asked',
    '{emit: {event: course.asked, properties: {n: 1}}}', '{handoff: true, for: 3d}', '{enroll: c3}', '{leave: c1}', '{end: true}']),
  'playbooks/c3.yaml': playbook('[{manual: true}, {date: contact.birthday, at: "9:00", offset: -3d, every: year}]', [
    '{ask: ask-me, choices: {yes: Sure, no: Not yet}, save: answer, within: 2d, otherwise: [{end: true}]}',
    '{ask: ask-me, as: int, save: years, within: 2d}', '{series: [case-bakery, case-coach], every: 3d, at: "10:00", days: [tue]}']),
  'playbooks/c4.yaml': playbook('[{schedule: "0 10 * * TUE", segment: hot}, {once: "2027-03-08 10:00", segment: always}]', ['{tag: seen}']),
};

test('what the contract names is taken by the program and by the schemas', async (t) => {
  const folder = await shop(t, 'expert', constructs);
  const {status, stdout, stderr} = await command(folder, ['check']);
  assert.equal(status, 0, stdout + stderr);
  const own = await ofWorkspace(folder);
  for (const [file, text] of Object.entries(constructs)) {
    const [kind, value] = read(file, text);
    for (const validate of [general[kind], own[kind]]) {
      assert.ok(validate(value), `${file}: ${JSON.stringify(validate.errors, null, 1)}`);
    }
  }
});

test('the settings of the contract fit', async (t) => {
  const text = `
store: sqlite:nurtured.db
http: {listen: "127.0.0.1:8025", public_url: "https://t.example.org", admin_listen: "127.0.0.1:8026", trusted_proxies: ["127.0.0.1"]}
timezone: Europe/Moscow
keys: {write: ["\${credential:write_key}"], admin: "\${credential:admin_token}", sign: "\${credential:sign_key}"}
vars: {brand: "Anna's school"}
keep: {events: 400d, history: 400d, decisions: 90d}
connectors:
  email:
    type: smtp
    url: "smtp://127.0.0.1:25"
    from: "Anna <anna@example.org>"
    rate: 50/s
    user: anna
    password: "\${credential:mail}"
    tls: required
    bounce: bounces@example.org
    list_id: "Letters <letters.example.org>"
    dkim: [{selector: s1, key: "\${credential:dkim}"}]
    inbox: {url: "imaps://127.0.0.1", user: anna, password: "\${credential:mail}", folder: INBOX, poll: 1m}
    connect_timeout: 10s
  crm: {type: webhook, url: "https://crm.example.org/in", secret: "\${credential:crm}", timeout: 10s, concurrency: 2}
  outbox: {type: file, path: outbox, format: plain}
  telegram: {type: telegram, token: "\${credential:telegram}"}
channels: {email: email, telegram: {connector: telegram, consent: assumed}}
mix: {value: 70, engagement: 20, offer: 10, window: 10}
touches_before_offer: 7
limits: {per_day: 1, per_week: 4, min_gap: 12h, quiet: "21:00-09:00"}
series: {evergreen: [hello]}
fill: {from: evergreen, every: 3d}
catch_up: {older_than: 1d, action: spread, over: 4h}
mute: [{if: 'in_segment("open-ticket")', kinds: [offer]}]
only_to: []
dedup: 7d
late_within: 1d
`;
  const folder = await makeWorkspace(t, {
    'nurtured.yaml': text, 'segments.yaml': 'segments: {open-ticket: {if: contact.score > 1}}\n',
    'content/hello.md': '---\nkind: value\nsubject: Hello\n---\nHello\n',
  });
  const {status, stdout} = await command(folder, ['check']);
  assert.equal(status, 0, stdout);
  for (const all of [general, await ofWorkspace(folder)]) {
    assert.ok(all.nurtured(parse(text)), JSON.stringify(all.nurtured.errors));
  }
});

const steps = (step) => `start: order.paid\nsteps:\n  - ${step}\n`;
const front = (lines) => `---\nkind: value\nsubject: A\n${lines}\n---\nA\n`;
const outs = 'connectors: {out: {type: file, path: out}}\nchannels: {email: out, telegram: out}\n';
const scenario = (more) => `tests:\n  - {name: a, contact: {id: u1}, ${more}}\n`;
const sends = 'expect: [{send: checklist}]';
// File, text. None fits the general schema.
const broken = [
  ['playbooks/x.yaml', 'steps: [{send: checklist}]\n'],
  ['playbooks/x.yaml', 'start: order.paid\n'],
  ['playbooks/x.yaml', 'start: order.paid\nsteps: []\n'],
  ['playbooks/x.yaml', 'start: {when: order.paid, manual: true}\nsteps: [{send: checklist}]\n'],
  ['playbooks/x.yaml', 'start: {manual: false}\nsteps: [{send: checklist}]\n'],
  ['playbooks/x.yaml', 'start: {schedule: "0 10 * * TUE"}\nsteps: [{send: checklist}]\n'],
  ['playbooks/x.yaml', 'start: {once: tomorrow, segment: hot}\nsteps: [{send: checklist}]\n'],
  ['playbooks/x.yaml', `${steps('send: checklist')}again: sometimes\n`],
  ['playbooks/x.yaml', `${steps('send: checklist')}meanwhile: wait\n`],
  ['playbooks/x.yaml', `${steps('send: checklist')}priority: 101\n`],
  ['playbooks/x.yaml', `${steps('send: checklist')}stage: buying\n`],
  ['playbooks/x.yaml', `${steps('send: checklist')}late: never\n`],
  ['playbooks/x.yaml', `${steps('send: checklist')}goals: order.paid\n`],
  ['playbooks/x.yaml', `${steps('send: checklist')}stop: {}\n`],
  ['playbooks/x.yaml', steps('{sned: checklist}')],
  ['playbooks/x.yaml', steps('{send: checklist, tag: warm}')],
  ['playbooks/x.yaml', steps('{send: [checklist]}')],
  ['playbooks/x.yaml', steps('{send: checklist, while_held: skip}')],
  ['playbooks/x.yaml', steps('{send: checklist, hold: long}')],
  ['playbooks/x.yaml', steps('{send: checklist, via: []}')],
  ['playbooks/x.yaml', steps('{wait: 2 days}')],
  ['playbooks/x.yaml', steps('{wait: 2d, at: noon}')],
  ['playbooks/x.yaml', steps('{wait: 2d, at: "10:00", days: [funday]}')],
  ['playbooks/x.yaml', steps('{wait_for: order.paid, withn: 1d}')],
  ['playbooks/x.yaml', steps('{choose: [{if: "true"}]}')],
  ['playbooks/x.yaml', steps('{split: {one: {weight: 1, steps: [{end: true}]}}}')],
  ['playbooks/x.yaml', steps('{repeat: {steps: [{end: true}]}}')],
  ['playbooks/x.yaml', steps('{move_to: buying}')],
  ['playbooks/x.yaml', steps('{end: false}')],
  ['playbooks/x.yaml', steps('{ask: ask-me, as: number}')],
  ['playbooks/x.yaml', steps('{series: [checklist]}')],
  ['content/x.md', '---\nsubject: A\nkind: news\n---\nA\n'],
  ['content/x.md', front('role: love')],
  ['content/x.md', front('stage: buying')],
  ['content/x.md', front('attach: ../secret')],
  ['content/x.md', front('buttons: [{id: a, text: b}]')],
  ['content/x.md', front('subjct: A')],
  ['content/x.md', front('channels: {email: {html: a}}')],
  ['events.yaml', 'events: {order.paid: {properties: {total: float}}}\n'],
  ['events.yaml', 'events: {order.paid: {props: {total: double}}}\n'],
  ['events.yaml', 'event: {order.paid: {}}\n'],
  ['events.yaml', 'events: [order.paid]\n'],
  ['touchpoints.yaml', 'touchpoints: {order.paid: {media: bought}}\n'],
  ['touchpoints.yaml', 'touchpoints: {order.paid: {place: home}}\n'],
  ['touchpoints.yaml', 'touchpoints: {order.paid: {role: love}}\n'],
  ['touchpoints.yaml', 'touchpoints: {order.paid: {count_every: daily}}\n'],
  ['segments.yaml', 'segments: {hot: contact.score > 5}\n'],
  ['segments.yaml', 'segments: {hot: {}}\n'],
  ['segments.yaml', 'segments: {"very hot!": {if: "true"}}\n'],
  ['segments.yaml', 'segments: {hot: {if: "true", title: Hot}}\n'],
  ['samples.yaml', 'samples: {anna: {contcat: {}}}\n'],
  ['samples.yaml', 'samples: {anna: {contact: Anna}}\n'],
  ['samples.yaml', 'sample: {}\n'],
  ['tests/x.yaml', scenario('expect: []')],
  ['tests/x.yaml', scenario('expect: [{sends: checklist}]')],
  ['tests/x.yaml', scenario('expect: [{ended: checklist, outcome: won}]')],
  ['tests/x.yaml', scenario(`${sends}, events: [{evnt: order.paid}]`)],
  ['tests/x.yaml', scenario(`${sends}, events: [{event: order.paid, at: noon}]`)],
  ['tests/x.yaml', `tests:\n  - {contact: {id: u1}, ${sends}}\n`],
  ['tests/x.yaml', `tests:\n  - {name: a, contact: {email: a@example.org}, ${sends}}\n`],
  ['nurtured.yaml', `${outs}mix: {valeu: 70}\n`],
  ['nurtured.yaml', `${outs}limits: {quiet: night}\n`],
  ['nurtured.yaml', `${outs}limits: {min_gap: half a day}\n`],
  ['nurtured.yaml', `${outs}catch_up: {action: drop}\n`],
  ['nurtured.yaml', `${outs}mute: [{kinds: [offer]}]\n`],
  ['nurtured.yaml', `${outs}http: {public_url: t.example.org}\n`],
  ['nurtured.yaml', `${outs}store: mysql://localhost\n`],
  ['nurtured.yaml', 'connectors: {out: {path: out}}\nchannels: {email: out}\n'],
  ['nurtured.yaml', 'connectors: {out: {type: file, path: out}}\nchannels: {email: {connector: out, consent: yes please}}\n'],
  ['nurtured.yaml', 'connectors: {tg: {type: telegram}}\nchannels: {telegram: tg}\n'],
  ['nurtured.yaml', 'connectors: {out: {type: file}}\nchannels: {email: out}\n'],
  ['nurtured.yaml', 'connectors: {out: {type: file, path: out, format: html}}\nchannels: {email: out}\n'],
  ['nurtured.yaml', 'connectors: {out: {type: file, path: out, rate: 5/s, conc: 2}}\nchannels: {email: out}\n'],
  ['nurtured.yaml', 'connectors: {out: {type: smtp, url: "smtp://localhost:25"}}\nchannels: {email: out}\n'],
  ['nurtured.yaml', 'connectors: {out: {type: smtp, url: "http://localhost", from: a@example.org}}\nchannels: {email: out}\n'],
  ['nurtured.yaml', 'connectors: {out: {type: smtp, url: "smtp://localhost:25", from: a@example.org, tls: maybe}}\nchannels: {email: out}\n'],
  ['nurtured.yaml', 'connectors: {out: {type: smtp, url: "smtp://localhost:25", from: a@example.org, timeout: soon}}\nchannels: {email: out}\n'],
  ['nurtured.yaml', 'connectors: {out: {type: smtp, url: "smtp://localhost:25", from: a@example.org, dkim: {key: x}}}\nchannels: {email: out}\n'],
  ['nurtured.yaml', 'connectors: {out: {type: smtp, url: "smtp://localhost:25", from: a@example.org, inbox: {url: "imaps://localhost", user: a}}}\nchannels: {email: out}\n'],
  ['nurtured.yaml', 'connectors: {out: {type: smtp, url: "smtp://localhost:25", from: a@example.org, inbox: {url: "imaps://localhost", user: a, password: b, pol: 1m}}}\nchannels: {email: out}\n'],
  ['nurtured.yaml', 'connectors: {out: {type: webhook}}\nchannels: {email: out}\n'],
  ['nurtured.yaml', 'connectors: {out: {type: webhook, url: "https://example.org/x", allow_private: maybe}}\nchannels: {email: out}\n'],
  ['nurtured.yaml', 'connectors: {out: {type: webhook, url: "https://example.org/x", concurrency: 0}}\nchannels: {email: out}\n'],
  ['habits.yaml', 'people: {join_ovr: 30d}\n'],
  ['habits.yaml', 'reactions: {opens: 101}\n'],
  ['habits.yaml', 'reactions: {kinds: {news: {opens: 5}}}\n'],
  ['habits.yaml', 'events: {order.paid: {every: daily}}\n'],
];
// Those that only the names of the workspace tell.
const unknown = [
  ['playbooks/x.yaml', steps('{send: chekclist}')],
  ['playbooks/x.yaml', steps('{series: [checklist, nothing], every: 1d}')],
  ['playbooks/x.yaml', steps('{ask: nothing}')],
  ['playbooks/x.yaml', steps('{send: checklist, via: fax}')],
  ['playbooks/x.yaml', steps('{enroll: nothing}')],
  ['playbooks/x.yaml', steps('{leave: nothing}')],
  ['playbooks/x.yaml', steps('{wait_for: order.payed, within: 1d}')],
  ['playbooks/x.yaml', 'start: order.payed\nsteps: [{send: checklist}]\n'],
  ['playbooks/x.yaml', 'start: {segment: cold}\nsteps: [{send: checklist}]\n'],
  ['content/x.md', front('attach: files/nothing.pdf')],
  ['content/x.md', front('layout: nothing')],
  ['content/x.md', front('channels: {fax: {text: a}}')],
  ['tests/x.yaml', scenario('expect: [{send: chekclist}]')],
  ['tests/x.yaml', scenario('expect: [{started: nothing}]')],
  ['tests/x.yaml', scenario('expect: [{send: checklist, channel: fax}]')],
  ['tests/x.yaml', scenario('expect: [{segment: cold}]')],
  ['nurtured.yaml', 'connectors: {out: {type: fax}}\nchannels: {email: out}\n'],
  ['habits.yaml', 'people: {channels: {fax: 50}}\n'],
  ['habits.yaml', 'reactions: {messages: {nothing: {opens: 5}}}\n'],
];

// What the program says of a workspace with that file; the file is as it was afterwards.
async function judge(folder, file, text) {
  const place = path.join(folder, file);
  const former = await readFile(place, 'utf8').catch(() => null);
  await writeFiles(folder, {[file]: text});
  const judged = await command(folder, file === 'habits.yaml'
    ? ['simulate', '--people', '1', '--days', '1', '--habits', place] : ['check']);
  await (former === null ? rm(place) : writeFile(place, former));
  return judged;
}

test('what a schema refuses, the program refuses', async (t) => {
  const folder = await shop(t, 'expert', {'segments.yaml': 'segments: {hot: {if: contact.score > 5}}\n', 'content/layouts/plain.html': '{{ content }}'});
  const own = await ofWorkspace(folder);
  assert.ok(new Set(broken.map(([file]) => file)).size >= 8);
  for (const [table, ...judges] of [[broken, general, own], [unknown, own]]) {
    for (const [file, text] of table) {
      const [kind, value] = read(file, text);
      for (const all of judges) assert.ok(!all[kind](value), `taken by the schema: ${file}\n${text}`);
      const {status, stdout, stderr} = await judge(folder, file, text);
      assert.equal(status, 1, `${file}\n${text}${stdout}${stderr}`);
      assert.match(stdout + stderr, new RegExp(`${file}(:\\d+:\\d+)?: error`), text);
    }
  }
  for (const [file, text] of unknown) {
    const [kind, value] = read(file, text);
    assert.ok(general[kind](value), `the general schema knows no names: ${file}\n${text}`);
  }
});

test('what connectors can do is offered, and nothing else', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'shop');
  assert.equal((await command(folder, ['init', folder])).status, 0);
  const own = await ofWorkspace(folder);
  const calling = (call) => parse(`start: {manual: true}\nsteps:\n  - do: ${call}\n    with: {a: [1, {b: =contact.score}]}\n    save: file\n`);
  assert.ok(own.playbook(calling('outbox.write')));
  for (const call of ['outbox.wrote', 'outbx.write', 'outbox']) assert.ok(!own.playbook(calling(call)), call);
});

test('what cannot be read leaves the schema general, and is told', async (t) => {
  const folder = await shop(t, 'expert', {'playbooks/x.yaml': 'start: [\n'});
  const {status, stdout, stderr} = await command(folder, ['schema', '--format', 'json']);
  assert.equal(status, 1);
  assert.match(stderr, /has errors.*nurtured check/);
  const own = validators(JSON.parse(stdout));
  assert.ok(own.playbook(parse(steps('{enroll: anything}'))), 'a playbook that cannot be read may be it');
  assert.ok(!own.playbook(parse(steps('{send: nothing}'))), 'messages were read');
});

test('the schemas are written for editors, where the lines of the files look for them', async (t) => {
  const folder = await shop(t, 'expert');
  const {status, stdout, stderr} = await command(folder, ['schema', '--into', path.join(folder, 'schema')]);
  assert.equal(status, 0, stderr);
  assert.deepEqual(stdout.trim().split('\n').map((line) => path.basename(line)), kinds.map((kind) => `${kind}.schema.json`));
  const pointed = /\$schema=(\S+)/.exec(await readFile(path.join(folder, 'playbooks', (await readdir(path.join(folder, 'playbooks')))[0]), 'utf8'));
  const schema = JSON.parse(await readFile(path.join(folder, 'playbooks', pointed[1]), 'utf8'));
  assert.ok(schema.definitions.message_name.enum.includes('checklist'));
  assert.equal((await command(folder, ['check'])).status, 0);
});

test('a draft of events.yaml is learnt from the running daemon, and holds no value', async (t) => {
  const folder = await makeWorkspace(t, {
    'nurtured.yaml': settings({connector: '{type: file, path: outbox}'}),
    'events.yaml': `# ours\n${checklistEvent}`,
    'content/hello.md': '---\nkind: value\nsubject: Hello\n---\nHello\n',
    'playbooks/a.yaml': 'start: checklist.downloaded\nsteps: [{send: hello}]\n',
  });
  const daemon = await Daemon.start(t, folder);
  const calls = [
    ['identify', person('u1')],
    ...[{total: 5, paid: '2026-03-02T10:00:00Z', name: 'canary'}, {total: 5.5, paid: '2026-03-03T10:00:00Z', name: 'Anna', 'anna@example.org': 1}]
      .map((properties) => ['track', {userId: 'u1', event: 'order.paid', properties}]),
    ['track', {userId: 'u1', event: 'checklist.downloaded', properties: {checklist: 7, pages: 3}}],
    ['track', {userId: 'u1', event: 'call +79991234567', properties: {}}],
    ['page', {userId: 'u1', name: 'Home'}],
  ];
  for (const [kind, body] of calls) {
    const {status} = await fetch(`${daemon.url}/v1/${kind}`, {
      method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify(body)});
    assert.equal(status, 200);
  }
  const {status, stdout, stderr} = await command(folder, ['schema', '--learn']);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^# ours$/m);
  assert.doesNotMatch(stdout, /canary|anna|7999|Home/i);
  assert.deepEqual(parse(stdout).events, {
    'checklist.downloaded': {properties: {checklist: 'string', pages: 'int'}},
    'order.paid': {properties: {name: 'string', paid: 'timestamp', total: 'double'}, open: true},
  });
  assert.match(stdout, /checklist is declared as string and came as int/);
  await writeFile(path.join(folder, 'events.yaml'), stdout);
  const checked = await command(folder, ['check']);
  assert.equal(checked.status, 0, checked.stdout);
  assert.equal((await command(folder, ['fmt', '--check', path.join(folder, 'events.yaml')])).status, 0);
  assert.equal((await command(folder, ['schema', '--learn'])).stdout, stdout);
  assert.ok(general.events(parse(stdout)));
});
