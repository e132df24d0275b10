// kill -9 at random moments on each path on which something comes back: forms, opt-ins, links, bots by both ways, mail by
// both ways, and a human's page, over real parts. What people.mjs had acknowledged must be there once, and no marketing
// message may have left twice.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {BotApi} from './bot_api.mjs';
import {Daemon, ask, eventually, makeWorkspace} from './daemon.mjs';
import {countBy, everyContact, generator, seedOf} from './kills.mjs';
import {Mailbox, freePort, mailboxMissing} from './mailbox.mjs';
import {People, clickWindowMs, human} from './people.mjs';
import {MailSink} from './sink.mjs';
import {message} from './workspaces.mjs';

const cycles = process.env.NURTURED_TEST_LONG ? 500 : process.env.CI ? 40 : 12;
const aliveMsMax = 800;  // after it is ready, before the kill
const perLife = {lead: 4, optin: 2, chat: 2, question: 1};  // who begins between two kills
const settledDeadlineMs = process.env.NURTURED_TEST_LONG ? 900_000 : 60_000;
const listMax = 1000;  // of one `delivery list`
const key = 'a-key-of-the-forms';
const token = (bot) => `${bot}:abcdefghijklmnopqrstuvwxyz0123456`;
const counted = ['lead.sent', 'optin.asked', 'consent.given', 'message.unsubscribed', 'preferences.changed', 'link.clicked',
  'chat.started', 'message.replied', 'message.bounced', 'handoff.answered'];

const workspace = ({port, sink, mailbox, bots: [polled, hooked]}) => ({
  'nurtured.yaml': `
store: sqlite:nurtured.db
http: {listen: "127.0.0.1:${port}", public_url: "http://127.0.0.1:${port}"}
connectors:
  mail: {type: smtp, url: "${sink.url}", from: "Anna <hello@example.org>", tls: none, bounce: "bounces@example.org", inbox: ${mailbox.inbox}}
  polled: {type: telegram, token: "${token(1234561)}", api: "${polled.url}", allow_private: true}
  hooked: {type: telegram, token: "${token(1234562)}", api: "${hooked.url}", allow_private: true, updates: webhook}
channels:
  email: mail
  polled: {connector: polled, consent: assumed}
  hooked: {connector: hooked, consent: assumed}
limits: {per_day: 100, per_week: 100, min_gap: 0s, quiet: "00:00-00:00"}
handoff: {to: {channel: email, to: ${human}}, on_message: 1d}
hooks:
  lead: {preset: html, key: ${key}, event: lead.sent, id: body.number, consent: {email: {if: body.agree == "on", wording: Yes}}}
  optin: {preset: html, key: ${key}, event: optin.asked, id: body.number}
`,
  'events.yaml': 'events: {lead.sent: {properties: {number: string}}, optin.asked: {}}\n',
  'playbooks/lead.yaml': `
start: {when: lead.sent}
again: always
per: event.number
via: [email]
steps:
  - send: checklist
`,
  'playbooks/optin.yaml': `
start: {when: optin.asked}
via: [email]
steps:
  - send: please-confirm
  - wait_for: consent.given
    within: 7d
    otherwise: [{end: true}]
  - send: welcome
`,
  'playbooks/quiz.yaml': `
start: {when: chat.started}
via: [polled, hooked]
steps:
  - ask: how-big
    choices: {solo: Just me, team: A team}
    save: size
  - score: 1
  - send: result
`,
  'playbooks/notes.yaml': `
start: {when: message.replied, if: event.text.startsWith("note")}
again: always
per: event.text
via: [polled, hooked]
steps:
  - send: echo
`,
  'playbooks/answers.yaml': `
start: {when: message.replied, if: event.text.startsWith("mail")}
again: always
per: event.text
steps:
  - score: 1
`,
  'content/checklist.md': `---
kind: value
subject: "Checklist {{ event.number }}"
buttons:
  - {id: checklist, text: Open it, url: "https://example.org/checklist"}
---
Here it is.
`,
  'content/please-confirm.md': message('reply', 'Please confirm', '[Yes, send me the letters]({{ confirm_url }})'),
  'content/welcome.md': message('value', 'Welcome', '[Choose]({{ preferences_url }}) or [leave]({{ unsubscribe_url }}).')
    .replace('---\nkind', '---\ntopic: talks\nkind'),
  'content/how-big.md': message('reply', 'How big', 'How big is your school?'),
  'content/result.md': `---
kind: value
subject: Result
buttons:
  - {id: result, text: Your result, url: "https://example.org/result"}
---
Here is your result.
`,
  'content/echo.md': message('value', 'Echo', 'Noted: {{ event.text }}.'),
});

const isMarketing = ({source}) => /^Subject: (Checklist|Welcome)/m.test(source);
const isMarketingText = ({text}) => /result\.|Noted: /.test(text);

// The marketing messages that each address is owed by what its people did.
function owed(people) {
  const all = new Map(people.counts('lead.sent'));
  for (const [who, count] of people.counts('consent.given')) all.set(who, count);
  const notes = people.counts('note');
  for (const [who, count] of people.counts('pressed')) all.set(who, count + notes.get(who));
  return all;
}

// Nothing is on its way, and nobody has anything left to do.
async function settled(folder, daemon, people) {
  await eventually('all to come to rest', async () => {
    if (!people.isIdle || await daemon.metric('nurtured_inbox_inputs') > 0) return false;
    const busy = await Promise.all(['ready', 'committing'].map((state) => ask(folder, 'delivery', 'list', '--state', state)));
    return busy.every(({deliveries}) => deliveries.length === 0) && people.isIdle;
  }, settledDeadlineMs);
  await eventually('the last clicks to count', async () => {
    const contacts = await everyContact(folder);
    const clicked = contacts.reduce((sum, {events}) => sum + (events['link.clicked'] ?? 0), 0);
    return clicked >= people.total('link.clicked') && people.isIdle;
  }, settledDeadlineMs);
}

test(`${cycles} times kill -9 on the paths on which something comes back`,
  {timeout: settledDeadlineMs * 3 + cycles * 5_000, skip: mailboxMissing}, async (t) => {
    const random = generator(seedOf(t));
    const sink = await MailSink.start(t);
    const mailbox = await Mailbox.start(t);
    const bots = [await BotApi.start(t), await BotApi.start(t)];
    const port = await freePort();
    const folder = await makeWorkspace(t, workspace({port, sink, mailbox, bots}));
    let daemon = await Daemon.start(t, folder);
    const began = Date.now();
    const people = new People({url: daemon.url, key, folder, sink, bots, mailbox}, perLife, aliveMsMax);
    t.after(() => people.end());
    for (let kills = 0; kills < cycles; ++kills) {
      const moment = Date.now() + random() * aliveMsMax;
      await eventually('the moment of the kill', () => Date.now() >= moment);
      await daemon.kill();
      daemon = await Daemon.start(t, folder);
      people.starts.push(Date.now());
    }
    const seconds = (Date.now() - began) / 1000;
    people.endStarts();
    await settled(folder, daemon, people);

    const deeds = (what) => `${people.total(what)} ${what}`;
    t.diagnostic(`${cycles} kills in ${seconds.toFixed(0)} s, settled after ${((Date.now() - began) / 1000).toFixed(0)} s; ` +
      `acknowledged: ${[...counted, 'pressed', 'piped', 'fetched'].map(deeds).join(', ')}; ${people.looks} pages looked at; ` +
      `${sink.mails.filter(isMarketing).length} marketing mails, ${bots.flatMap((bot) => bot.sent()).filter(isMarketingText).length} in chats`);

    const contacts = await everyContact(folder);
    const contactOf = new Map(contacts.map((contact) => {
      const {email, polled, hooked} = contact.addresses;
      return [email ?? polled ?? hooked, contact];
    }));
    const slow = new Set(people.clicks.filter(({ms}) => ms >= clickWindowMs).map(({who}) => who));
    for (const event of counted) {
      const told = people.counts(event);
      const known = new Map([...contactOf].map(([who, {events}]) => [who, events[event] ?? 0]).filter(([, count]) => count > 0));
      if (event === 'link.clicked') [told, known].forEach((map) => slow.forEach((who) => map.delete(who)));
      assert.deepEqual([...known].sort(), [...told].sort(), `every acknowledged ${event} counts once`);
    }
    for (const who of people.counts('looked').keys()) assert.deepEqual(contactOf.get(who).consent, {}, `${who} only looked`);
    for (const who of people.counts('message.unsubscribed').keys()) assert.equal(contactOf.get(who).consent.email.given, false, who);
    for (const who of people.counts('preferences.changed').keys()) assert.deepEqual(contactOf.get(who).topics_declined, ['talks'], who);

    // Each question is answered once, each mail's answer taken by a playbook once.
    const scores = new Map([...contactOf].map(([who, {score}]) => [who, score]).filter(([, score]) => score !== 0));
    const points = people.counts('pressed');
    for (const [who, count] of people.counts('message.replied')) if (who.includes('@')) points.set(who, count);
    assert.deepEqual([...scores].sort(), [...points].sort(), 'each answer is taken once');

    // No marketing message twice, and none missing of which it is not known that it may be.
    const marketing = [
      ...sink.mails.filter(isMarketing).map(({to, messageId}) => ({who: to[0], id: messageId})),
      ...bots.flatMap((bot) => bot.sent()).filter(isMarketingText).map(({chat_id: who, text}) => ({who: String(who), id: `${who} ${text}`})),
    ];
    assert.deepEqual([...countBy(marketing, ({id}) => id)].filter(([, times]) => times > 1), [], 'no marketing message twice');
    const {deliveries} = await ask(folder, 'delivery', 'list', '--state', 'uncertain', '--limit', String(listMax));
    const arrived = countBy(marketing, ({who}) => who);
    const uncertain = countBy(deliveries, ({to}) => to);
    const bounced = people.counts('message.bounced');
    for (const [who, count] of owed(people)) {
      const came = arrived.get(who) ?? 0;
      const most = came + (uncertain.get(who) ?? 0);
      assert.ok(came <= count, `${who}: ${came} of ${count} came`);
      if (!bounced.has(who)) assert.ok(most >= count, `${who}: ${came} of ${count} came, ${most - came} are uncertain`);
    }

    // A human's words, of which a second copy does no harm, are in the chat or wait to be sent again.
    const heard = new Set(bots.flatMap((bot) => bot.sent()).map(({chat_id: chat, text}) => `${chat} ${text}`));
    for (const chat of people.counts('handoff.answered').keys()) {
      if (heard.has(`${chat} Answer ${chat}.`)) continue;
      assert.equal(contactOf.get(chat).held, 1, `${chat}: the human's answer is neither in the chat nor held`);
    }
    assert.deepEqual(people.counts('handoff.answered'), people.counts('question'), 'each question has its human');
  });
