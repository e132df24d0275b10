// kill -9 at random moments under load. The callers know what was acknowledged, the mail server's own list says what has
// left; after the last start both must fit what the store holds. NURTURED_TEST_SEED repeats the draws of a run.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {Daemon, ask, eventually, makeWorkspace} from './daemon.mjs';
import {countBy, everyContact, generator, seedOf} from './kills.mjs';
import {MailSink} from './sink.mjs';
import {message, person, settings, smtp} from './workspaces.mjs';

const cycles = process.env.NURTURED_TEST_LONG ? 1000 : process.env.CI ? 100 : 20;
const secondsMax = process.env.NURTURED_TEST_LONG ? 3 * 3600 : 300;
const aliveMsMax = 400;  // under load, before the kill
const callers = 8;
const contactsAtOnce = 8;  // so few that caps are reached
const eventsPerGroup = 200;  // then come the next contacts, so that each one's history is short on a fast machine, too
// At most: what was let in must also leave and be read back, and a long run lets in more.
const eventsPerSecond = process.env.NURTURED_TEST_LONG ? 100 : 400;
const capPerDay = 2;
const settledDeadlineMs = process.env.NURTURED_TEST_LONG ? 900_000 : 120_000;
const linesMax = 500;  // of one answer of `explain`
const listMax = 1000;  // of one of `delivery list`

// Two playbooks that want the same slots, a receipt that no gate holds, and a timer between a start and its message.
const workspace = (sinkUrl) => ({
  'nurtured.yaml': `${settings({connector: smtp(sinkUrl, 'rate: 5000/s')})
    .replace(/per_day: \d+, per_week: \d+/, `per_day: ${capPerDay}, per_week: ${capPerDay}`)}`,
  'events.yaml': 'events:\n  load: {properties: {n: int}}\n',
  'playbooks/news.yaml':
    'start: {when: load, if: event.n % 3 == 0}\nagain: always\nper: event.n\nsteps:\n  - wait: 0s\n  - send: news\n    hold: 1h\n',
  'playbooks/case.yaml':
    'start: {when: load, if: event.n % 3 == 1}\nagain: always\nper: event.n\nsteps:\n  - send: case\n    hold: 1h\n',
  'playbooks/receipt.yaml':
    'start: {when: load, if: event.n % 3 == 2}\nagain: always\nper: event.n\nsteps:\n  - wait: 1s\n  - send: receipt\n',
  'content/news.md': message('value', 'News'),
  'content/case.md': message('value', 'Case'),
  'content/receipt.md': message('receipt', 'Receipt {{ enrollment.key }}'),
});

// Callers who repeat what was not acknowledged, with the same messageId, as every Segment SDK does.
class Load {
  acknowledged = [];  // {contact, n}
  cycle = 0;
  #serial = 0;
  #began = Date.now();
  #going = true;
  #pending;
  constructor(random, url) {
    this.#pending = Array.from({length: callers}, () => this.#call(random, url));
  }
  async #call(random, url) {
    while (this.#going) {
      const n = this.#serial++;
      await eventually(`event ${n}'s turn`, () => n <= (Date.now() - this.#began) / 1000 * eventsPerSecond);
      const group = Math.floor(n / eventsPerGroup);
      const contact = `k${this.cycle}-${group}-${Math.floor(random() * contactsAtOnce)}`;
      const body = JSON.stringify({batch: [
        {type: 'identify', ...person(contact), messageId: `i${n}`},
        {type: 'track', userId: contact, event: 'load', properties: {n}, messageId: `t${n}`},
      ]});
      await eventually(`event ${n} to be acknowledged`, () => fetch(`${url()}/v1/batch`, {method: 'POST', body})
        .then(async (answer) => {
          await answer.arrayBuffer();
          return answer.status === 200;
        }, () => false), 60_000);
      this.acknowledged.push({contact, n});
    }
  }
  async end() {
    this.#going = false;
    await Promise.all(this.#pending);
  }
}

// What the store says of every contact: its deliveries by key, how each ended last, and its enrollments that are held.
async function everyAccount(folder, people) {
  const accounts = new Map();
  const rest = [...people];
  const read = async () => {
    for (let person = rest.pop(); person; person = rest.pop()) {
      const {recent, held, enrollments} = await ask(folder, 'explain', person.id, '--limit', String(linesMax));
      assert.ok(recent.length < linesMax, `all of ${person.id}'s history fits one answer`);
      const deliveries = new Map();
      for (const line of recent.reverse()) {
        const state = line.reason === 'uncertain' ? 'uncertain' : line.state;
        if (line.delivery && state) deliveries.set(line.delivery, {key: line.delivery, state, kind: line.kind, to: line.to});
      }
      accounts.set(person.id, {deliveries, held, underWay: enrollments.map(({number}) => String(number))});
    }
  };
  await Promise.all([read(), read()]);
  return accounts;
}

// Nothing is on its way any more, and nothing is waiting for a timer.
async function settled(folder, daemon) {
  await eventually('all to be sent', async () => {
    const busy = await Promise.all(['ready', 'committing'].map((state) => ask(folder, 'delivery', 'list', '--state', state)));
    if (busy.some(({deliveries}) => deliveries.length > 0)) return false;
    const {standing} = await ask(folder, 'enrollment', 'list');
    return !standing.some(({step}) => step === 'wait') && await daemon.metric('nurtured_inbox_inputs') === 0;
  }, settledDeadlineMs);
}

test(`${cycles} times kill -9 under load`, {timeout: (secondsMax + 240) * 1000}, async (t) => {
  const seed = seedOf(t);
  const random = generator(seed);
  const sink = await MailSink.start(t);
  const folder = await makeWorkspace(t, workspace(sink.url));
  let daemon = await Daemon.start(t, folder);
  const load = new Load(generator(seed + 1), () => daemon.url);

  const began = Date.now();
  let kills = 0;
  for (; kills < cycles && Date.now() - began < secondsMax * 1000; ++kills) {
    const moment = Date.now() + random() * aliveMsMax;
    await eventually('the moment of the kill', () => Date.now() >= moment);
    await daemon.kill();
    load.cycle = kills + 1;
    daemon = await Daemon.start(t, folder);
  }
  const seconds = (Date.now() - began) / 1000;
  await load.end();
  await settled(folder, daemon);

  const people = await everyContact(folder);
  const told = countBy(load.acknowledged, ({contact}) => contact);
  const known = new Map(people.map((person) => [person.id, person.events.load ?? 0]));
  assert.deepEqual([...known].sort(), [...told].sort(), 'every acknowledged event is there once');

  const accounts = await everyAccount(folder, people);
  for (const [id, {deliveries, held, underWay}] of accounts) {
    const left = new Set([...deliveries.keys()].map((key) => key.split('.')[1]));  // CONTACT.ENROLLMENT.STEP…
    const waiting = underWay.filter((number) => !left.has(number));
    assert.ok(waiting.length <= held.length, `${id}: ${waiting.length} wait, ${held.length} are held for a reason`);
    assert.equal(left.size + waiting.length, told.get(id), `${id}: each event's message is sent, uncertain or held`);
  }

  const deliveries = [...accounts.values()].flatMap((account) => [...account.deliveries.values()]);
  const departed = deliveries.filter(({state}) => state === 'departed');
  const uncertain = deliveries.filter(({state}) => state === 'uncertain');
  const isReceipt = ({source}) => source.includes('Subject: Receipt');
  const mails = {value: sink.mails.filter((mail) => !isReceipt(mail)), receipt: sink.mails.filter(isReceipt)};
  t.diagnostic(`${kills} kills in ${seconds.toFixed(0)} s, ${load.acknowledged.length} events acknowledged, ` +
    `${sink.mails.length} mails (${mails.value.length} marketing, ${mails.receipt.length} receipts), ` +
    `${departed.length} departed, ${uncertain.length} uncertain`);

  const twice = [...countBy(mails.value, ({messageId}) => messageId)].filter(([, times]) => times > 1);
  assert.deepEqual(twice, [], 'no marketing message twice');
  const perAddress = countBy(mails.value, ({to}) => to[0]);
  assert.ok(Math.max(0, ...perAddress.values()) <= capPerDay, `no cap is broken: ${JSON.stringify([...perAddress])}`);

  for (const kind of ['value', 'receipt']) {
    const perAddressOf = (list) => countBy(list.filter((delivery) => delivery.kind === kind), ({to}) => to);
    const sent = perAddressOf(departed);
    const unsure = perAddressOf(uncertain);
    const unique = new Map(mails[kind].map(({messageId, to}) => [messageId, to[0]]));
    const arrived = countBy([...unique.values()], (to) => to);
    for (const to of new Set([...sent.keys(), ...arrived.keys()])) {
      const least = sent.get(to) ?? 0;
      const most = least + (unsure.get(to) ?? 0);
      const count = arrived.get(to) ?? 0;
      assert.ok(count >= least && count <= most,
        `${kind} to ${to}: ${count} arrived, ${least} are recorded as departed, ${most - least} as uncertain`);
    }
  }

  const listed = (await ask(folder, 'delivery', 'list', '--state', 'uncertain', '--limit', String(listMax))).deliveries;
  const shown = new Set(listed.map(({delivery}) => delivery));
  const hidden = uncertain.filter(({kind, key}) => kind === 'value' && !shown.has(key));
  if (listed.length < listMax) assert.deepEqual(hidden, [], 'every uncertain marketing message can be found');
});
