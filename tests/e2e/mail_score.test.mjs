// What spam filters hold of the mail that we make, by their local rules alone: no name is looked up, no map is fetched.
// SpamAssassin and rspamd judge a newsletter in three languages and the mail that asks for a double opt-in, each as a
// receiving server hands it over. Either may be absent: then its test says so and is skipped.
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {chmod, mkdir, writeFile} from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import {after, before, test} from 'node:test';

import {Daemon, Scope, eventually, makeWorkspace, temporaryFolder} from './daemon.mjs';
import {MailSink} from './sink.mjs';
import {person, settings, smtp} from './workspaces.mjs';

const startDeadlineMs = 120_000;  // of rspamd on a busy machine; a second on an idle one
const scoreMax = 1.5;  // mail is commonly marked from 5 or 6 on

const front = (subject, kind) => `---
${kind ? `kind: ${kind}\n` : ''}subject: "${subject}"
preheader: "${subject}"
---
`;
const letter = (subject, paragraphs, button, kind) =>
  `${front(subject, kind)}${paragraphs.join('\n\n')}\n\n[${button}](https://example.org/webinar)\n`;

const english = letter('Three mistakes in every launch', [
  'Good morning {{ contact.first_name }},',
  'last week we looked through forty launches of small schools and found the same three mistakes in nearly all of them. None '
    + 'needs money to mend, only an afternoon and the list of those who have asked you something in the last month.',
  '1. The page tells what the course contains, and not what a student can do after it.\n2. The first letter comes a week '
    + 'after the sign-up, when nobody remembers it.\n3. Questions are answered in private, where the next reader cannot see them.',
  'On Thursday evening Anna shows how she mended each of them, with the pages before and after. Bring your own page along.'],
'See the programme', 'value');
const russian = letter('Три ошибки в каждом запуске', [
  'Доброе утро, {{ contact.first_name }}!',
  'На прошлой неделе мы посмотрели сорок запусков небольших школ и почти в каждом нашли одни и те же три ошибки. Чтобы их '
    + 'исправить, нужны не деньги, а один вечер и список тех, кто писал вам в последний месяц.',
  '1. Страница рассказывает, из чего состоит курс, а не что ученик сможет после него.\n2. Первое письмо приходит через '
    + 'неделю после записи.\n3. Ответы на вопросы остаются в личной переписке.',
  'В четверг вечером Анна покажет, как исправила каждую из них. Возьмите с собой свою страницу.'], 'Посмотреть программу');
const chinese = letter('每次发布都会犯的三个错误', [
  '{{ contact.first_name }}，早上好！',
  '上周我们查看了四十个小型学校的课程发布，几乎每一个都有同样的三个错误。改正它们不需要花钱，只需要一个下午，以及最近一个月向您提问的人的名单。',
  '1. 页面介绍了课程内容，却没有说明学员学完以后能做什么。\n2. 第一封信在报名一周之后才到。\n3. 问题都在私下回答，其他读者看不到。',
  '星期四晚上，安娜会展示她是怎样一一改正的。欢迎带上您自己的页面。'], '查看日程');
const confirmation = `${front('Please confirm your address', 'reply')}Good morning {{ contact.first_name }},

you have asked for our letters on example.org. Please tell us that it was you, then the first one is on its way.

[Yes, please write to me]({{ confirm_url }})

If it was not you, do nothing: without your yes we do not write again.
`;

const workspace = (url) => ({
  'nurtured.yaml': settings({connector: smtp(url, 'tls: none, helo: mail.example.org, dkim: [{selector: s1, key: "${file:rsa.pem}"}]')}),
  'events.yaml': 'events: {go: {}, ask: {}}\n',
  'playbooks/letter.yaml': 'start: {when: go}\nsteps:\n  - send: letter\n',
  'playbooks/confirm.yaml': 'start: {when: ask}\nsteps:\n  - send: confirm\n',
  'content/letter.md': english,
  'content/letter.ru.md': russian,
  'content/letter.zh.md': chinese,
  'content/confirm.md': confirmation,
});

const people = {
  en: ['go', {locale: 'en', first_name: 'Bob'}],
  ru: ['go', {locale: 'ru', first_name: 'Ольга'}],
  zh: ['go', {locale: 'zh', first_name: '小明'}],
  asked: ['ask', {locale: 'en', first_name: 'Carl'}],
};

// As the receiver's server stores it: on top stands where it came from.
const received = (source) => Buffer.concat([
  Buffer.from(`Received: from mail.example.org (mail.example.org [93.184.216.34])\r\n\tby mx.example.net (Postfix) with ESMTPS id 4F1A2B3C4D\r\n`
    + `\tfor <reader@example.net>; ${new Date().toUTCString().replace('GMT', '+0000')}\r\n`), source]);

const scope = new Scope();
const mails = {};
before(async () => {
  const sink = await MailSink.start(scope);
  const folder = await makeWorkspace(scope, workspace(sink.url));
  execFileSync('openssl', ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', path.join(folder, 'rsa.pem')], {stdio: 'ignore'});
  await chmod(path.join(folder, 'rsa.pem'), 0o600);
  const daemon = await Daemon.start(scope, folder);
  for (const [id, [event, traits]] of Object.entries(people)) {
    await daemon.take('identify', person(id, traits));
    await daemon.take('track', {userId: id, event});
    const to = `${id}@example.net`;
    const mail = await eventually(`a mail to ${to}`, () => sink.mails.find((sent) => sent.to.includes(to)));
    mails[id] = received(mail.source);
  }
  await daemon.stop();
});
after(() => scope.end());

// A verdict is a score and the rules that fired, by name.
function judge(t, program, id, {score, rules}, excused) {
  t.diagnostic(`${program}, ${id}: ${score.toFixed(2)}, ${Object.entries(rules).map(([name, its]) => `${name} ${its}`).join(', ')}`);
  assert.ok(score <= scoreMax, `${id}: ${score}`);
  const faults = Object.entries(rules).filter(([name, its]) => its > 0 && !excused.test(name));
  assert.deepEqual(faults, [], `${id}: rules that count against us`);
}

const spamassassinMissing = existsSync('/usr/bin/spamassassin') ? false : 'spamassassin is not installed: script/bootstrap test installs it';
test('SpamAssassin finds nothing wrong with our mail', {skip: spamassassinMissing}, async (t) => {
  const home = await temporaryFolder(t);
  // One run for all of them: most of its time goes into its rules.
  const mbox = Buffer.concat(Object.values(mails).flatMap((source) => [
    Buffer.from('From anna@example.org Sun Nov 22 10:00:00 2026\n'), Buffer.from(source.toString('latin1').replaceAll('\r\n', '\n'), 'latin1'), Buffer.from('\n')]));
  const judged = execFileSync('spamassassin', ['-L', '-t', '-x', '--mbox'],
    {input: mbox, env: {...process.env, HOME: home}, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore']});
  const reports = judged.split('Content analysis details:').slice(1);
  assert.equal(reports.length, Object.keys(mails).length);
  for (const [i, id] of Object.keys(mails).entries()) {
    const score = Number(/\((-?[\d.]+) points/.exec(reports[i])[1]);
    const rules = Object.fromEntries([...reports[i].matchAll(/^ *(-?\d+\.\d+) ([A-Z][A-Z0-9_]+) /gm)].map(([, its, name]) => [name, Number(its)]));
    // The signature's key is in a name server, which is not asked.
    judge(t, 'SpamAssassin', id, {score, rules}, /^DKIM_(SIGNED|INVALID)$/);
  }
});

// rspamd in a network namespace of its own, where nothing but itself answers, on a socket of the file system.
async function startRspamd(t) {
  const folder = await temporaryFolder(t);
  await mkdir(path.join(folder, 'db'));
  await chmod(folder, 0o755);
  const socket = path.join(folder, 'rspamd.sock');
  const config = path.join(folder, 'rspamd.conf');
  await writeFile(config, `
# Debian's own rules and weights, without the modules that ask name servers or remember other mails.
lua = "/usr/share/rspamd/rules/rspamd.lua";
.include(try=false) "/etc/rspamd/metrics.conf"
.include(try=false) "/etc/rspamd/composites.conf"
regexp {}
chartable { threshold = 0.3; symbol = "R_MIXED_CHARSET"; url_symbol = "R_MIXED_CHARSET_URL"; }
mime_types { extension_map = { html = "text/html"; txt = "text/plain"; } }
modules { path = "/usr/share/rspamd/plugins/"; }
options {
  pidfile = "${folder}/pid";
  dns { timeout = 0.1s; retransmits = 0; nameserver = ["127.0.0.1:9"]; }
  filters = "chartable,regexp";
  history_file = "${folder}/history";
  stats_file = "${folder}/stats";
  hs_cache_dir = "${folder}/db";
  disable_hyperscan = true;  # which is made for millions of mails, and takes its time to begin
}
logging { type = "file"; filename = "${folder}/log"; level = "error"; }
worker "normal" { bind_socket = "${socket} mode=0666"; count = 1; mime = true; }
`);
  const args = ['--net', 'sh', '-c', 'ip link set lo up; exec "$@"', 'rspamd', 'rspamd', '-f', '-i', '-c', config, `--var=DBDIR=${folder}/db`, `--var=RUNDIR=${folder}`, `--var=LOGDIR=${folder}`];
  const child = spawn('unshare', args, {stdio: ['ignore', 'ignore', 'pipe']});
  let said = '';
  child.stderr.on('data', (text) => { said += text; });
  // Its workers end with it when it is asked to, and only then.
  const ended = once(child, 'close');
  t.after(() => { child.kill('SIGTERM'); return ended; });
  await eventually(() => `rspamd to listen\n${said}`, () => existsSync(socket) || (child.exitCode !== null && Promise.reject(new Error(said))), startDeadlineMs);
  return socket;
}

function askRspamd(socketPath, source) {
  return new Promise((resolve, reject) => {
    const request = http.request({socketPath, path: '/checkv2', method: 'POST',
      headers: {'IP': '93.184.216.34', 'Helo': 'mail.example.org', 'Hostname': 'mail.example.org', 'From': 'anna@example.org', 'Rcpt': 'reader@example.net'}}, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString('utf8'))));
    });
    request.on('error', reject);
    request.end(source);
  });
}

const rspamdMissing = !existsSync('/usr/bin/rspamd') ? 'rspamd is not installed: script/bootstrap test installs it'
  : process.getuid() !== 0 ? 'a network namespace of its own needs root' : false;
test('rspamd finds nothing wrong with our mail', {skip: rspamdMissing}, async (t) => {
  const socket = await startRspamd(t);
  for (const [id, source] of Object.entries(mails)) {
    const verdict = await askRspamd(socket, source);
    const rules = Object.fromEntries(Object.values(verdict.symbols).map(({name, score}) => [name, score]));
    // The picture that tells of an opening makes HTML's links one more than the text's, so their number is odd; the
    // preheader is invisible by its nature; Russian and Chinese are shorter in base64.
    judge(t, 'rspamd', id, {score: verdict.score, rules}, /^(URI_COUNT_ODD|MANY_INVISIBLE_PARTS|MIME_BASE64_TEXT)$/);
  }
});
