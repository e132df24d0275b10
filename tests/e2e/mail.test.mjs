// Mail that comes back: through a mailbox, through `nurtured mail`, and through a mail server that refuses what we send.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {Daemon, command, eventually, makeWorkspace} from './daemon.mjs';
import {Mailbox, mailboxMissing} from './mailbox.mjs';
import {MailSink} from './sink.mjs';
import {message, person, settings, smtp} from './workspaces.mjs';

const workspace = (url, more = '') => ({
  'nurtured.yaml': settings({connector: smtp(url, `tls: none, bounce: "bounces@example.org"${more && `, ${more}`}`)}),
  'events.yaml': 'events: {go: {}}\n',
  'playbooks/flow.yaml': 'start: {when: go}\nsteps:\n  - send: hello\n',
  'content/hello.md': message('value', 'Hello'),
});

const bounce = (to, id = 'b1', status = '5.1.1') => `From: MAILER-DAEMON@mx.example.org
To: ${to}
Message-ID: <${id}@mx.example.org>
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

No.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; x@example.net
Action: failed
Status: ${status}
Diagnostic-Code: smtp; 550 ${status} no such user
--b--
`;

const answer = (messageId, id, text) => `From: Anna <x@example.net>
To: hello@example.org
Message-ID: <${id}@example.net>
In-Reply-To: ${messageId}
Subject: Re: Hello

${text}

> Hello
`;

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
