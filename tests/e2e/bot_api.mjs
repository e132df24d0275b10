// A server that keeps updates as Telegram does: it gives them out until an offset confirms them, holds a question while
// there is nothing new and nobody else asks, refuses questions while a webhook is set, and posts to the webhook until it
// is answered 2xx. What bots send it keeps. (telegram-test-api forgets an update once it was asked for, whoever took it.)
import {once} from 'node:events';
import {createServer} from 'node:http';

import {bodyOf} from './daemon.mjs';

const holdMsMax = 2_000;  // Telegram: up to 50 s
const repeatMs = 20;      // of a webhook that does not answer; Telegram: seconds

export class BotApi {
  #server;
  #updates = [];
  #next = 100;
  #isPosting = false;
  #end = null;  // ends the question that is held
  given = 0;       // updates that were handed out, repeats counted
  webhook = null;  // {url, secret_token, …}
  calls = [];      // {token, method, body}: files in a form as {name, type, bytes}

  static async start(t) {
    const api = new BotApi();
    api.#server = createServer((request, response) => api.#answer(request, response));
    api.#server.listen(0, '127.0.0.1');
    await once(api.#server, 'listening');
    t.after(() => api.stop());
    return api;
  }
  get url() { return `http://127.0.0.1:${this.#server.address().port}`; }
  stop() {
    this.#end?.();
    this.webhook = null;
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  sent(method = 'sendMessage') { return this.calls.filter((call) => call.method === method).map(({body}) => body); }
  // The text under which people see each message.
  texts() {
    return this.calls.filter(({method}) => method.startsWith('send')).map(({body}) => body.text ?? body.caption ?? '');
  }
  get unconfirmed() { return this.#updates.length; }

  // What a person does: {message: …}, {callback_query: …} or {my_chat_member: …}. Returns the update's number.
  tell(update) {
    const id = this.#next++;
    this.#updates.push({update_id: id, ...update});
    this.#end?.();
    this.#post();
    return id;
  }
  // Told again though it was confirmed, as after a lost answer.
  repeat(id, update) {
    this.#updates.push({update_id: id, ...update});
    this.#end?.();
  }

  // One update after the other, whoever asks for it.
  async #post() {
    if (this.#isPosting) return;
    this.#isPosting = true;
    while (this.webhook && this.#updates.length > 0) {
      const [first] = this.#updates;
      const answer = await fetch(this.webhook.url, {
        method: 'POST',
        headers: {'Content-Type': 'application/json', 'X-Telegram-Bot-Api-Secret-Token': this.webhook.secret_token},
        body: JSON.stringify(first),
      }).catch(() => null);
      if (!answer?.ok) {
        await new Promise((resolve) => setTimeout(resolve, repeatMs));
        continue;
      }
      this.#updates = this.#updates.filter((update) => update !== first);
      const text = await answer.text();
      if (text.startsWith('{')) {
        const {method, ...body} = JSON.parse(text);
        if (method) this.calls.push({token: '', method, body});
      }
    }
    this.#isPosting = false;
  }

  async #answer(request, response) {
    const bytes = await bodyOf(request);
    if (bytes === null) return;
    const [, token, method] = /^\/bot([^/]+)\/(\w+)$/.exec(request.url) ?? [];
    const body = await this.#parse(request.headers['content-type'] ?? '', bytes);
    this.calls.push({token, method, body});
    const {status = 200, ...answer} = await this.#act(method, body, request);
    response.writeHead(status, {'Content-Type': 'application/json'});
    response.end(JSON.stringify({ok: status === 200, ...answer}));
  }

  async #parse(type, bytes) {
    if (!type.startsWith('multipart/')) return bytes.length > 0 ? JSON.parse(bytes) : {};
    const form = await new Response(bytes, {headers: {'Content-Type': type}}).formData();
    const body = {};
    for (const [name, value] of form) {
      body[name] = typeof value === 'string'
        ? value : {name: value.name, type: value.type, bytes: Buffer.from(await value.arrayBuffer())};
    }
    return body;
  }

  async #act(method, body) {
    switch (method) {
      case 'getUpdates':
        return this.#updatesFor(body);
      case 'setWebhook':
        this.webhook = body;
        this.#post();
        return {result: true};
      case 'deleteWebhook':
        this.webhook = null;
        return {result: true};
      case 'answerCallbackQuery':
        return {result: true};
      default:
        return {result: this.#message(body)};
    }
  }

  #message(body) {
    const message = {message_id: this.calls.length, date: 1795330800, chat: {id: Number(body.chat_id), type: 'private'}};
    if (body.document) message.document = {file_id: `D${this.calls.length}`, file_unique_id: 'd'};
    if (body.photo) message.photo = [{file_id: `P${this.calls.length}`, file_unique_id: 'p', width: 1, height: 1}];
    if (body.text) message.text = body.text;
    return message;
  }

  async #updatesFor({offset = 0, limit = 100, timeout = 0}) {
    if (this.webhook) {
      return {status: 409, error_code: 409, description: "Conflict: can't use getUpdates method while webhook is active"};
    }
    this.#updates = this.#updates.filter((update) => update.update_id >= offset);
    this.#end?.('another');
    if (this.#updates.length === 0 && timeout > 0) {
      const why = await new Promise((resolve) => {
        const timer = setTimeout(() => this.#end(), Math.min(timeout * 1000, holdMsMax));
        this.#end = (reason) => {
          clearTimeout(timer);
          this.#end = null;
          resolve(reason);
        };
      });
      if (why === 'another') {
        return {status: 409, error_code: 409, description: 'Conflict: terminated by other getUpdates request'};
      }
    }
    const result = this.#updates.slice(0, limit);
    this.given += result.length;
    return {result};
  }
}

const people = {is_bot: false, first_name: 'Anna', language_code: 'en'};
const now = () => Math.floor(Date.now() / 1000);

export const said = (id, text, more = {}) => ({
  message: {message_id: 1, date: now(), from: {...people, id}, chat: {id, type: 'private'}, text, ...more},
});
export const pressed = (id, data, query = '4382') => ({
  callback_query: {
    id: query, from: {...people, id}, chat_instance: '1', data,
    message: {message_id: 1, date: now(), chat: {id, type: 'private'}},
  },
});
export const membership = (id, status) => ({
  my_chat_member: {
    date: now(), from: {...people, id}, chat: {id, type: 'private'},
    old_chat_member: {status: status === 'kicked' ? 'member' : 'kicked', user: {...people, id}},
    new_chat_member: {status, user: {...people, id}},
  },
});
