// People and their programs on the other side of a daemon that dies again and again. Whoever was not acknowledged repeats
// the same thing until it is, as browsers, Telegram and mail servers do; what was acknowledged is on record here.
import {simpleParser} from 'mailparser';

import {pressed, said} from './bot_api.mjs';
import {command, eventually} from './daemon.mjs';
import {countBy} from './kills.mjs';
import {answer, bounce} from './mails.mjs';

const insistDeadlineMs = 30_000;
const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const readingMs = 5_500;  // of a mail, before its link is followed: sooner is a scanner (docs/return.md)
export const clickWindowMs = 3_000;  // within it the same click again is the same one
const chatBase = 5000;  // chat N is the person of that number
export const human = 'lena@example.org';

// A request until it is answered as `taken` has it. An answer that no repeat would change is a fault.
async function insist(url, init, taken = [200, 303]) {
  return eventually(`${init?.method ?? 'GET'} ${url} to be acknowledged`, async () => {
    const answered = await fetch(url, {redirect: 'manual', ...init, headers: {'User-Agent': browser, ...init?.headers}})
      .then(async (response) => ({status: response.status, text: await response.text()}), () => null);
    if (!answered || answered.status === 429 || answered.status >= 500) return false;
    if (!taken.includes(answered.status)) throw new Error(`${url}: ${answered.status} ${answered.text}`);
    return answered;
  }, insistDeadlineMs);
}
const post = (url, fields) => insist(url, {method: 'POST', body: new URLSearchParams(fields)});

export class People {
  // What was acknowledged: {who, what}; `who` is a mail address or a chat's number.
  deeds = [];
  clicks = [];  // {who, ms}: how long the person had to repeat it
  looks = 0;    // GETs of pages, which change nothing
  starts = [Date.now()];  // when the daemon was ready
  #world;       // {url, key, folder, sink, bots, mailbox}
  #busy = 0;
  #going = true;
  #fault = null;
  #seen = new Set();
  #mailsRead = 0;
  #callsRead;
  #tasks = [];

  // So many begin in each life of the daemon, spread over `lifeMsMax` of it.
  constructor(world, perLife, lifeMsMax) {
    this.#world = world;
    this.#callsRead = world.bots.map(() => 0);
    for (const [does, count] of Object.entries(perLife)) this.#tasks.push(this.#again(does, count, lifeMsMax));
    this.#tasks.push(this.#readOn());
  }

  counts(what) { return countBy(this.deeds.filter((deed) => deed.what === what), ({who}) => who); }
  total(what) { return this.deeds.filter((deed) => deed.what === what).length; }
  get isIdle() {
    if (this.#fault) throw this.#fault;
    const {sink, bots} = this.#world;
    return this.#busy === 0 && this.#mailsRead === sink.mails.length && bots.every((bot) => bot.unconfirmed === 0) &&
      bots.every((bot, index) => this.#callsRead[index] === bot.calls.length);
  }
  // Nobody new comes; who is here goes on.
  endStarts() { this.#going = false; }
  async end() {
    this.#going = this.#reading = false;
    await Promise.all(this.#tasks);
  }
  #reading = true;

  #record(who, what) { this.deeds.push({who: String(who), what}); }
  #do(task) {
    ++this.#busy;
    task().catch((fault) => { this.#fault ??= fault; }).finally(() => { --this.#busy; });
  }
  async #again(does, perLife, lifeMsMax) {
    const lives = () => this.starts.length - 1 + Math.min(1, (Date.now() - this.starts.at(-1)) / lifeMsMax);
    for (let serial = 0; this.#going; ++serial) {
      await eventually(`${does} ${serial}'s turn`, () => !this.#going || serial < lives() * perLife);
      if (this.#going) this.#do(() => this[does](serial));
    }
  }

  // ---- who begins

  // Each second person sends the form twice, as two leads.
  async lead(serial) {
    const who = `lead${serial >> 1}@example.net`;
    await this.#form('lead', {name: 'Anna', email: who, agree: 'on', number: serial});
    this.#record(who, 'lead.sent');
  }
  async optin(serial) {
    const who = `optin${serial}@example.net`;
    await this.#form('optin', {email: who, number: serial});
    this.#record(who, 'optin.asked');
  }
  #form(name, fields) { return post(`${this.#world.url}/hooks/${name}/${this.#world.key}`, fields); }
  async chat(serial) {
    const bot = this.#world.bots[serial % 2];
    bot.tell(said(chatBase + serial, '/start'));
    this.#record(chatBase + serial, 'chat.started');
  }
  // Begins with a question of their own, which a human answers.
  async question(serial) {
    const chat = 2 * chatBase + serial;
    this.#world.bots[serial % 2].tell(said(chat, `Question ${chat}?`));
    this.#record(chat, 'message.replied');
    this.#record(chat, 'question');
  }

  // ---- what they do with what they get

  async #readOn() {
    const {sink, bots} = this.#world;
    while (this.#reading) {
      await eventually('news', () => !this.#reading || sink.mails.length > this.#mailsRead ||
        bots.some((bot, index) => bot.calls.length > this.#callsRead[index]), 600_000);
      while (this.#mailsRead < sink.mails.length) {
        const mail = sink.mails[this.#mailsRead++];
        const arrived = Date.now();
        this.#do(() => this.#readMail(mail, arrived));
      }
      bots.forEach((bot, index) => {
        while (this.#callsRead[index] < bot.calls.length) {
          const {method, body} = bot.calls[this.#callsRead[index]++];
          if (method === 'sendMessage') this.#do(() => this.#readChat(bot, body));
        }
      });
    }
  }
  #isNew(what) {
    const isNew = !this.#seen.has(what);
    this.#seen.add(what);
    return isNew;
  }

  async #readMail(mail, arrived) {
    const {subject = '', text} = await simpleParser(mail.source);
    const who = mail.to[0];
    const link = (path) => new RegExp(`http://127\\.0\\.0\\.1:\\d+/${path}/[\\w-]+`).exec(text)?.[0];
    if (who === human) return this.#helpOut(text, link('h'));
    if (!this.#isNew(`${who} ${subject}`)) return;  // a second copy changes nothing for them
    const number = Number(/\d+/.exec(who));
    if (subject === 'Please confirm') return this.#confirm(who, number, link('d'));
    if (subject === 'Welcome') return this.#choose(who, number, link('u'), link('p'));
    const lead = Number(/\d+/.exec(subject));
    const ways = [
      () => this.#follow(who, link('c'), arrived),
      () => this.#pipe(who, 'message.replied', answer(mail.messageId, `pipe${lead}`, `mail ${lead}`)),
      () => this.#drop(who, 'message.replied', `imap${lead}`, answer(mail.messageId, `imap${lead}`, `mail ${lead}`)),
      () => this.#pipe(who, 'message.bounced', bounce(mail.from, `pipe${lead}`)),
      () => this.#drop(who, 'message.bounced', `imap${lead}`, bounce(mail.from, `imap${lead}`)),
    ];
    // Of a person's two letters the second is treated as the first.
    return ways[(lead >> 1) % ways.length]();
  }

  async #look(...urls) {
    for (const url of urls) {
      await insist(url);
      ++this.looks;
    }
  }
  async #confirm(who, number, url) {
    await this.#look(url);
    if (number % 4 === 3) return this.#record(who, 'looked');
    await post(url, {});
    this.#record(who, 'consent.given');
  }
  async #choose(who, number, leave, preferences) {
    await this.#look(leave, preferences);
    const choices = [
      ['message.unsubscribed', leave, {'List-Unsubscribe': 'One-Click'}],
      ['message.unsubscribed', preferences, {none: '1'}],
      ['preferences.changed', preferences, {channel: 'email'}],
    ];
    // The fourth leaves all as it is; they are numbered by three, for a fourth never confirmed.
    const choice = choices[(number - (number >> 2)) % 4];
    if (!choice) return;
    const [what, url, fields] = choice;
    await post(url, fields);
    this.#record(who, what);
  }
  async #follow(who, url, arrived) {
    // The departure of what a kill interrupted is told at the next start.
    const told = () => this.starts.find((at) => at > arrived) ?? arrived;
    await eventually('a person to have read', () => Date.now() > told() + readingMs);
    await this.#click(who, url);
  }
  async #click(who, url) {
    const begin = Date.now();
    await insist(url, {}, [302]);
    this.clicks.push({who: String(who), ms: Date.now() - begin});
    this.#record(who, 'link.clicked');
  }
  // As Postfix's pipe: 75 means later.
  async #pipe(who, what, source) {
    await eventually('the mail to be taken', async () => {
      const {status, stdout, stderr} = await command(this.#world.folder, ['mail'], {input: source});
      if (status === 75) return false;
      if (status !== 0 || stdout !== 'taken\n') throw new Error(`nurtured mail: ${status} ${stdout}${stderr}`);
      return true;
    }, insistDeadlineMs);
    this.#record(who, what);
    this.#record(who, 'piped');
  }
  async #drop(who, what, name, source) {
    await this.#world.mailbox.deliver(name, source);
    await eventually(`mail ${name} to be marked`, () => this.#world.mailbox.isRead(name), insistDeadlineMs);
    this.#record(who, what);
    this.#record(who, 'fetched');
  }

  async #readChat(bot, {chat_id: chat, text, reply_markup: markup}) {
    const button = markup?.inline_keyboard?.[0]?.[0];
    if (!this.#isNew(`${chat} ${text}`) || !button) return;
    if (button.url) return this.#click(chat, button.url);
    bot.tell(pressed(Number(chat), button.callback_data));
    this.#record(chat, 'pressed');
    this.#record(chat, 'message.replied');
    for (const note of ['note 1', 'note 2']) {
      bot.tell(said(Number(chat), note));
      this.#record(chat, 'note');
      this.#record(chat, 'message.replied');
    }
  }

  // The human who is told of a question, perhaps twice, answers it once.
  async #helpOut(text, url) {
    const chat = /Question (\d+)\?/.exec(text)?.[1];
    if (!chat) throw new Error(`the human was told of: ${text}`);
    if (!this.#isNew(`question ${chat}`)) return;
    const page = await insist(url);
    const form = /name="form" value="([^"]*)"/.exec(page.text)[1];
    await post(url, {form, text: `Answer ${chat}.`});
    this.#record(chat, 'handoff.answered');
  }
}
