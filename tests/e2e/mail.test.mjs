// Mail that comes back: through a mailbox, through `nurtured mail`, and through a mail server that refuses what we send.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {createPublicKey} from 'node:crypto';
import {once} from 'node:events';
import {chmod, readFile} from 'node:fs/promises';
import path from 'node:path';
import {test} from 'node:test';

import {dkimVerify} from 'mailauth/lib/dkim/verify.js';
import {SMTPServer} from 'smtp-server';

import {Daemon, command, eventually, makeWorkspace} from './daemon.mjs';
import {Mailbox, mailboxMissing} from './mailbox.mjs';
import {Postfix, postfixMissing} from './postfix.mjs';
import {answer, bounce} from './mails.mjs';
import {MailSink} from './sink.mjs';
import {message, person, settings, smtp} from './workspaces.mjs';

const workspace = (url, more = '') => ({
  'nurtured.yaml': settings({connector: smtp(url, `tls: none, bounce: "bounces@example.org"${more && `, ${more}`}`)}),
  'events.yaml': 'events: {go: {}}\n',
  'playbooks/flow.yaml': 'start: {when: go}\nsteps:\n  - send: hello\n',
  'content/hello.md': message('value', 'Hello'),
});

async function sent(daemon, sink, user) {
  await daemon.take('identify', person(user));
  await daemon.take('track', {userId: user, event: 'go'});
  return eventually(`the mail to ${user}`, () => sink.mails.find(({to}) => to[0] === `${user}@example.net`));
}

const shown = async (folder, user) => {
  const {status, stdout, stderr} = await command(folder, ['contact', 'show', user, '--format', 'json']);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
};
const explained = async (folder, user) => (await command(folder, ['explain', user])).stdout;

test('a bounce given to `nurtured mail` suppresses the address, a forged one nothing', {timeout: 90_000}, async (t) => {
  const sink = await MailSink.start(t);
  const folder = await makeWorkspace(t, workspace(sink.url));
  const daemon = await Daemon.start(t, folder);
  const mail = await sent(daemon, sink, 'f1');
  assert.match(mail.from, /^bounces\+[a-z2-7]+@example\.org$/);
  assert.ok(mail.from.split('@')[0].length <= 64);
  assert.equal(mail.messageId.slice(1).split('@')[0], mail.from.slice('bounces+'.length).split('@')[0]);

  const forged = mail.from.replace(/.@/, (found) => (found === 'a@' ? 'b@' : 'a@'));
  const refused = await command(folder, ['mail'], {input: bounce(forged)});
  assert.equal(refused.status, 0);
  assert.match(refused.stdout, /no message of ours/);
  assert.doesNotMatch(JSON.stringify(await shown(folder, 'f1')), /bounced/);

  const taken = await command(folder, ['mail'], {input: bounce(mail.from)});
  assert.deepEqual([taken.status, taken.stdout], [0, 'taken\n']);
  assert.match(JSON.stringify(await shown(folder, 'f1')), /bounced/);
  const states = await command(folder, ['delivery', 'list', '--state', 'refused']);
  assert.match(states.stdout, /550 5\.1\.1 no such user/);
});

test('`nurtured mail` asks the mail server to keep the mail while the daemon is away', {timeout: 60_000}, async (t) => {
  const folder = await makeWorkspace(t, workspace('smtp://127.0.0.1:9'));
  const {status, stderr} = await command(folder, ['mail'], {input: bounce('bounces+x@example.org')});
  assert.equal(status, 75);
  assert.notEqual(stderr, '');
});

test('a mailbox is read: what is ours is handled and marked, private mail stays unread',
  {timeout: 120_000, skip: mailboxMissing}, async (t) => {
    const sink = await MailSink.start(t);
    const mailbox = await Mailbox.start(t);
    await mailbox.deliver('private', 'From: friend@example.net\nSubject: Lunch?\nMessage-ID: <p1@example.net>\n\nAt one?\n');
    const folder = await makeWorkspace(t, workspace(sink.url, `inbox: ${mailbox.inbox}`));
    let daemon = await Daemon.start(t, folder);
    const first = await sent(daemon, sink, 'f1');
    const second = await sent(daemon, sink, 'f2');

    await mailbox.deliver('bounce', bounce(first.from, 'b1'));
    await mailbox.deliver('answer', answer(second.messageId, 'a1', 'Yes, gladly.'));
    await mailbox.deliver('forged', bounce('bounces+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.org', 'b2'));
    await eventually('the bounce to be marked', () => mailbox.isRead('bounce'));
    await eventually('the answer to be marked', () => mailbox.isRead('answer'));
    assert.match(await explained(folder, 'f1'), /bounced/);
    assert.match(await explained(folder, 'f2'), /message\.replied/);

    // After a restart it goes on where it was, and nothing is told twice.
    await daemon.stop();
    await mailbox.deliver('later', answer(second.messageId, 'a2', 'One more thing.'));
    daemon = await Daemon.start(t, folder);
    await eventually('the later answer to be marked', () => mailbox.isRead('later'));
    const replies = (await explained(folder, 'f2')).match(/message\.replied/g);
    assert.equal(replies.length, 2);
    assert.equal(await mailbox.isRead('private'), false);
    assert.equal(await mailbox.isRead('forged'), false);
  });

// A mail server that knows nobody.
async function startRefuser(t) {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 1,
    onRcptTo: (address, session, done) => done(Object.assign(new Error('5.1.1 no such user'), {responseCode: 550})),
  });
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  t.after(() => new Promise((resolve) => server.close(resolve)));
  return server.server.address().port;
}

test('through a mail server: what it cannot deliver comes back into the mailbox and suppresses the address',
  {timeout: 120_000, skip: mailboxMissing ?? postfixMissing}, async (t) => {
    const mailbox = await Mailbox.start(t);
    const postfix = await Postfix.start(t, {refuser: await startRefuser(t), mailbox});
    const folder = await makeWorkspace(t, workspace(postfix.url, `inbox: ${mailbox.inbox}`));
    const daemon = await Daemon.start(t, folder);
    await daemon.take('identify', person('f1'));
    await daemon.take('track', {userId: 'f1', event: 'go'});
    await eventually('the bounce', async () => /bounced/.test(JSON.stringify(await shown(folder, 'f1'))));
    const states = await command(folder, ['delivery', 'list', '--state', 'refused']);
    assert.match(states.stdout, /550 5\.1\.1 no such user/);
  });

// The TXT records of the selectors `rsa` and `ed`, made from the private keys.
async function dkimRecords(folder) {
  const der = async (name) => createPublicKey(await readFile(path.join(folder, name))).export({type: 'spki', format: 'der'});
  return {
    'rsa._domainkey.example.org': `v=DKIM1; k=rsa; p=${(await der('rsa.pem')).toString('base64')}`,
    'ed._domainkey.example.org': `v=DKIM1; k=ed25519; p=${(await der('ed.pem')).subarray(-32).toString('base64')}`,
  };
}

const dkimpy = `
import json, sys
import dkim
records = json.loads(sys.argv[1])
mail = sys.stdin.buffer.read()
find = lambda name, timeout=5: records[name.decode().rstrip(".")].encode()
print(all(dkim.DKIM(mail).verify(idx=i, dnsfunc=find) for i in range(2)))
`;

test('every mail is signed by each key, as two other programs find', {timeout: 60_000}, async (t) => {
  const sink = await MailSink.start(t);
  const key = (selector) => `{selector: ${selector}, key: "\${file:${selector}.pem}"}`;
  const folder = await makeWorkspace(t, workspace(sink.url, `dkim: [${key('rsa')}, ${key('ed')}]`));
  const make = (name, ...how) => execFileSync('openssl', ['genpkey', ...how, '-out', path.join(folder, name)], {stdio: 'ignore'});
  make('rsa.pem', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048');
  make('ed.pem', '-algorithm', 'ed25519');
  for (const name of ['rsa.pem', 'ed.pem']) await chmod(path.join(folder, name), 0o600);
  const daemon = await Daemon.start(t, folder);
  const {source} = await sent(daemon, sink, 'f1');
  const records = await dkimRecords(folder);
  const {results} = await dkimVerify(source, {
    resolver: async (name, type) => {
      assert.equal(type, 'TXT');
      return [[records[name]]];
    },
  });
  assert.deepEqual(results.map(({status, selector}) => [status.result, selector]).sort(), [['pass', 'ed'], ['pass', 'rsa']]);
  const signed = results[0].signingHeaders.keys.toLowerCase();
  for (const name of ['from', 'to', 'subject', 'date', 'message-id', 'list-unsubscribe', 'list-unsubscribe-post', 'feedback-id']) {
    assert.ok(signed.includes(name), `${name} is signed`);
  }
  // The system's Python, for which Debian ships the other verifier.
  const missing = await import('node:fs').then(({existsSync}) => !existsSync('/usr/lib/python3/dist-packages/dkim'));
  if (missing) return t.diagnostic('python3-dkim is not installed: script/bootstrap test installs it');
  const verdict = execFileSync('/usr/bin/python3', ['-c', dkimpy, JSON.stringify(records)], {input: source});
  assert.equal(verdict.toString().trim(), 'True');
});
