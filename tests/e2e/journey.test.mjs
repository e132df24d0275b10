// One person's way through all of it, over real parts: a form, Postfix, links, a bot's chat, and a human in a group.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {BotApi, pressed, said} from './bot_api.mjs';
import {Daemon, ask, command, eventually, makeWorkspace} from './daemon.mjs';
import {Mailbox, mailboxMissing} from './mailbox.mjs';
import {Postfix, postfixMissing} from './postfix.mjs';
import {MailSink} from './sink.mjs';
import {message} from './workspaces.mjs';

const anna = 4711;
const group = -100500;
const token = '123456:abcdefghijklmnopqrstuvwxyz0123456';
const leadKey = 'a-key-of-the-form-alone';
const site = 'https://t.example.org';

const workspace = ({postfix, mailbox, bot}) => ({
  'nurtured.yaml': `
store: sqlite:nurtured.db
http: {listen: "127.0.0.1:0", public_url: "${site}"}
connectors:
  mail: {type: smtp, url: "${postfix.url}", from: "Anna <hello@example.org>", tls: none, bounce: "bounces@example.org", inbox: ${mailbox.inbox}}
  bot: {type: telegram, token: "${token}", api: "${bot.url}", allow_private: true, bot: anna_school_bot}
channels: {email: mail, telegram: {connector: bot, consent: assumed}}
limits: {per_day: 100, per_week: 100, min_gap: 0s, quiet: "00:00-00:00"}
mix: {value: 50, engagement: 50, offer: 0, window: 2}   # never two of engagement in a row
handoff: {to: {channel: telegram, to: "${group}"}, on_message: 1d}
hooks:
  lead: {preset: html, key: "${leadKey}", event: form.sent}
`,
  'events.yaml': 'events: {form.sent: {}, guide.wanted: {}, news.due: {}}\n',
  'touchpoints.yaml': `
touchpoints:
  form.sent: {channel: site, kind: value}
  link.clicked: {channel: site, kind: value}
  chat.started: {channel: telegram, kind: engagement}
  message.replied: {channel: telegram, kind: engagement}
`,
  'playbooks/lead.yaml': `
start: {when: form.sent}
via: [email]
steps:
  - send: please-confirm
  - wait_for: consent.given
    within: 7d
    otherwise: [{end: true}]
  - send: checklist
  - wait_for: link.clicked
    if: event.link == "checklist"
  - tag: read-it
`,
  'playbooks/bot.yaml': `
start: {when: chat.started}
via: [telegram]
steps:
  - ask: how-big
    choices: {solo: Just me, team: A team}
    save: size
  - ask: how-long
    as: int
    save: years
  - set: {team_size: "=enrollment.size", years: "=enrollment.years"}
  - send: poll
  - send: webinar-invite
  - wait_for: link.clicked
    if: event.link == "webinar"
  - tag: clicked
  - wait_for: news.due
  - send: news
`,
  'playbooks/guide.yaml': 'start: {when: guide.wanted}\nvia: [telegram]\nsteps:\n  - send: guide\n',
  'content/please-confirm.md': message('reply', 'Please confirm', '[Yes, send me the letters]({{ confirm_url }})'),
  'content/checklist.md': `---
kind: value
subject: Your checklist
buttons:
  - {id: checklist, text: Open it, url: "https://example.org/checklist"}
  - {id: bot, text: Talk to our bot, url: "{{ chat_urls.telegram }}"}
---
Here it is, {{ contact.first_name }}.
`,
  'content/how-big.md': message('reply', 'How big', 'How big is your school?'),
  'content/how-long.md': message('reply', 'How long', 'How many years?'),
  'content/poll.md': message('engagement', 'Poll', 'What holds you back?'),
  'content/webinar-invite.md': `---
kind: engagement
subject: Webinar
buttons:
  - {id: webinar, text: Sign up, url: "https://example.org/webinar"}
---
Come to the webinar.
`,
  'content/guide.md': message('value', 'Your guide', 'The guide.'),
  'content/news.md': message('value', 'News', 'The news.'),
});

test('a lead from a form is led to a webinar, a bot, a human and back, and every touch is counted',
  {timeout: 180_000, skip: mailboxMissing ?? postfixMissing}, async (t) => {
    const sink = await MailSink.start(t);
    const mailbox = await Mailbox.start(t);
    const postfix = await Postfix.start(t, {refuser: new URL(sink.url).port, mailbox});
    const bot = await BotApi.start(t);
    const folder = await makeWorkspace(t, workspace({postfix, mailbox, bot}));
    let daemon = await Daemon.start(t, folder);
    const here = (url) => url.replace(site, daemon.url);
    const follow = async (url) => (await fetch(here(url), {redirect: 'manual', headers: {'User-Agent': 'Mozilla/5.0 Firefox/140'}})).headers.get('location');
    const who = 'anna@example.net';
    const shown = () => ask(folder, 'contact', 'show', who);
    const tags = async () => (await shown()).tags;
    const texts = (chat) => bot.sent().filter(({chat_id}) => Number(chat_id) === chat).map(({text}) => text);
    const lastTo = (chat) => bot.sent().filter(({chat_id}) => Number(chat_id) === chat).at(-1);
    const chatSays = (text) => eventually(`the bot to say "${text}": ${texts(anna)}`, () => texts(anna).some((its) => its.includes(text)));

    // A form, and a double opt-in through Postfix.
    const form = new URLSearchParams({name: 'Anna', email: who});
    assert.equal((await fetch(`${daemon.url}/hooks/lead/${leadKey}`, {method: 'POST', body: form})).status, 200);
    const asked = await sink.parsed('Please confirm');
    const confirm = /https:\/\/t\.example\.org\/d\/[\w-]+/.exec(asked.text)[0];
    await fetch(here(confirm));
    assert.equal((await shown()).consent.email, undefined);  // to look is no consent
    await fetch(here(confirm), {method: 'POST'});
    const checklist = await sink.parsed('Your checklist');
    assert.equal((await shown()).consent.email.source, 'double-opt-in');

    // A click. It counts once it is known that no scanner made it, a few seconds after the departure.
    const links = [...checklist.text.matchAll(/https:\/\/t\.example\.org\/c\/[\w-]+/g)].map(([url]) => url);
    await eventually('a person to have had time to read', () => Date.now() - checklist.date.getTime() > 6_000);
    assert.equal(await follow(links[0]), 'https://example.org/checklist');
    await eventually('the click to count', async () => (await tags()).includes('read-it'));

    // The link to the bot ties its chat to the same contact.
    const start = new URL(await follow(links[1]));
    assert.equal(start.origin + start.pathname, 'https://t.me/anna_school_bot');
    bot.tell(said(anna, `/start ${start.searchParams.get('start')}`));
    await chatSays('How big is your school?');
    assert.equal((await ask(folder, 'contact', 'list')).contacts.length, 1);

    // Questions: a button, then a number after a slip. A kill in between loses nothing.
    const buttons = lastTo(anna).reply_markup.inline_keyboard.flat();
    assert.deepEqual(buttons.map(({text}) => text), ['Just me', 'A team']);
    bot.tell(pressed(anna, buttons[1].callback_data));
    await chatSays('How many years?');
    await eventually('the button to be answered', () => bot.sent('answerCallbackQuery').length === 1);
    await daemon.kill();
    bot.tell(said(anna, 'many'));
    daemon = await Daemon.start(t, folder);
    await chatSays('whole number');
    bot.tell(said(anna, '7'));
    await chatSays('What holds you back?');
    const {attributes} = await shown();
    assert.deepEqual([attributes.team_size, attributes.years], ['team', 7]);

    // The webinar invite is held by the mix until a value message leaves in between.
    await eventually('the invite to be held', async () => /webinar-invite.*mix|mix.*webinar-invite/s.test((await command(folder, ['explain', who])).stdout));
    assert.ok(!texts(anna).some((text) => text.includes('Come to the webinar')));
    await daemon.take('track', {userId: (await shown()).id, event: 'guide.wanted'});
    await chatSays('The guide.');
    await chatSays('Come to the webinar');
    const signUp = lastTo(anna).reply_markup.inline_keyboard.flat()[0].url;
    assert.equal(await follow(signUp), 'https://example.org/webinar');
    await eventually('the second click to count', async () => (await tags()).includes('clicked'));

    // An answer that no playbook takes goes to the humans' group; what is due meanwhile is held.
    bot.tell(said(anna, 'How much is it?'));
    await eventually('the group to be told', () => texts(group).some((text) => text.includes('How much is it?')));
    assert.notEqual((await shown()).handoff, null);
    const told = lastTo(group);
    assert.match(told.text, /we: webinar-invite/);
    await daemon.take('track', {userId: (await shown()).id, event: 'news.due'});
    await eventually('the news to be held', async () => /handoff/.test((await command(folder, ['explain', who])).stdout));

    // A human replies to the bot's message in the group; the contact gets it in the chat.
    const url = /<a href="([^"]+)">Answer<\/a>/.exec(told.text)[1];
    const reply = (text) => ({
      message: {
        ...said(77, text).message, from: {id: 77, is_bot: false, first_name: 'Lena'}, chat: {id: group, type: 'supergroup'},
        reply_to_message: {
          message_id: 5, date: 1, chat: {id: group, type: 'supergroup'}, from: {id: 123456, is_bot: true, first_name: 'Bot'},
          text: 'Answer', entities: [{type: 'text_link', offset: 0, length: 6, url}],
        },
      },
    });
    bot.tell(reply('Ten euros.'));
    await chatSays('Ten euros.');
    assert.ok(!texts(anna).some((text) => text.includes('The news')));
    bot.tell(reply('/back'));
    await chatSays('The news.');
    assert.equal((await shown()).handoff, null);

    // Inbound: the form, three clicks (one a day counts), the start, four messages (one a day counts). Outbound: the checklist,
    // the poll, the guide, the invite and the news are marketing; questions and a human's words are not.
    const {touches, events} = await shown();
    assert.equal(touches, 4 + 5);
    assert.equal(events['link.clicked'], 3);
    assert.equal(events['message.replied'], 4);
    assert.equal(events['handoff.answered'], 1);
    const timeline = (await command(folder, ['explain', who, '--limit', '500'])).stdout;
    for (const event of ['form.sent', 'consent.given', 'link.clicked', 'chat.started', 'message.replied', 'handoff.started', 'handoff.answered', 'handoff.ended']) {
      assert.ok(timeline.includes(event), `${event} on the timeline\n${timeline}`);
    }
    const left = (await ask(folder, 'delivery', 'list', '--state', 'departed')).deliveries.map((its) => its.message).sort();
    assert.deepEqual(left, ['ask:again', 'checklist', 'guide', 'how-big', 'how-long', 'human:message', 'news', 'please-confirm', 'poll', 'webinar-invite']);
  });
