// What deciding costs without a network or a disk: rule checks, expressions, templates, simulated days.
import path from 'node:path';
import {writeFile} from 'node:fs/promises';

import {binary, makeWorkspace} from '../tests/e2e/daemon.mjs';
import {settings} from '../tests/e2e/workspaces.mjs';

import {askPeer, built, compare, count, eachRound, run, short, state} from './measure.mjs';

const people = short ? 500 : 2_000;
const days = 60;

const askProgram = async (name, ...args) => JSON.parse((await run(built(name), args)).stdout);

export async function ruleChecks() {
  const got = await eachRound('rule checks', () => askProgram('rules_bench'));
  compare('rule checks: events a second on one core, 1,000 playbooks over 50 event names', got.product, got.roofline,
    'values in slots, plain comparisons', '/s', '≥ 0.25');
  state('… the whole decision: counted, judged, history kept', got.advance, '/s');
}

// The conditions of bench/cel_bench.cpp that standard CEL knows and that hold there.
const conditions = [
  'contact.score >= 50', 'event.checklist == "launch"', "'customer' in contact.tags", "event.checklist in ['launch', 'retention']",
  "contact.email.endsWith('@example.org')", "contact.tags.exists(t, t.startsWith('cust'))",
];

export async function expressions() {
  const total = (taken) => conditions.reduce((sum, source) => sum + taken[source], 0) / conditions.length;
  const got = await eachRound('CEL', async () => ({
    product: 1e9 / total(await askProgram('cel_bench', '--json')),
    peer: 1e9 / total(await askPeer('cel.mjs', JSON.stringify(conditions))),
  }));
  compare(`CEL: evaluations a second, ${conditions.length} typical conditions in turn`, got.product, got.peer,
    '@bufbuild/cel', '/s', '≥ 20');
}

export async function templates() {
  const got = await eachRound('Liquid', async () => ({
    product: (await askProgram('liquid_bench')).liquid_renders_per_second,
    ...await askPeer('templates.mjs'),
  }));
  compare('Liquid: renderings a second of a mail of 8 KB with ten placeholders', got.product, got.liquidjs,
    'liquidjs, parsed once', '/s', '≥ 10');
  compare('… the same', got.product, got.handlebars, 'Handlebars, compiled once', '/s', '≥ 1.7');
}

// Everybody gets a letter every third day for two months, under the mix and the caps, and now and then does something.
const simulated = {
  'nurtured.yaml': settings({connector: '{type: file, path: outbox}'})
    .replace(/^limits: .*$/m, 'limits: {per_day: 1, per_week: 4, min_gap: 12h, quiet: "21:00-09:00"}\ntimezone: Europe/Berlin'),
  'events.yaml': 'events: {joined: {}, read: {}}\n',
  'touchpoints.yaml': 'touchpoints:\n  read: {channel: site, stage: consideration, media: owned, place: online, kind: value}\n',
  'playbooks/course.yaml': `start: {when: joined}\nsteps:\n${
    Array.from({length: 20}, (_, n) => `  - send: ${n % 10 === 9 ? 'offer' : 'letter'}\n  - wait: 3d\n    at: "10:00"\n`).join('')}`,
  'content/letter.md': `---\nkind: value\nsubject: "Letter for {{ contact.id }}"\n---\n${
    'Hello {{ contact.id }}, a line of the letter.\n'.repeat(20)}`,
  'content/offer.md': '---\nkind: offer\nsubject: "The course, {{ contact.id }}"\n---\nHello {{ contact.id }}.\n',
};

function habits() {
  const start = Date.parse('2026-03-02T08:00:00Z');
  const lines = [];
  for (let n = 0; n < people; ++n) {
    const userId = `u${n}`;
    const call = (type, day, more) => {
      const timestamp = new Date(start + day * 86_400_000 + n * 1000).toISOString();
      lines.push(JSON.stringify({type, userId, timestamp, ...more}));
    };
    call('identify', 0, {traits: {email: `${userId}@example.net`, consent: {email: true}}});
    call('track', 0, {event: 'joined'});
    for (let day = n % 7; day < days; day += 7) call('track', day, {event: 'read'});
  }
  return lines.join('\n');
}

export async function simulation() {
  const got = await eachRound('simulation', async (scope) => {
    const folder = await makeWorkspace(scope, simulated);
    const events = path.join(folder, 'events.jsonl');
    await writeFile(events, habits());
    const until = new Date(Date.parse('2026-03-02T08:00:00Z') + days * 86_400_000).toISOString();
    const began = performance.now();
    const {stdout} = await run('taskset', ['--cpu-list', '0', binary, '--config', folder, 'simulate', '--events', events, '--until', until],
      {maxBuffer: 2 ** 30});
    const taken = (performance.now() - began) / 1000;
    const sent = stdout.split('"do":"send"').length - 1;
    if (sent < people * 10) throw new Error(`only ${sent} letters were sent in the simulation`);
    return {product: people * days / taken, sent: sent / people};
  });
  state(`simulated contact-days a second on one core, ${count(people)} contacts, ${days} days, rendering included`,
    got.product, '/s', '≥ 100,000');
  state('… letters sent to each', got.sent, '');
}
