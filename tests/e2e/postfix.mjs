// A mail server of our own: Postfix with its own configuration, queue and data, on the loopback interface. Postfix drops
// its privileges itself and starts as root only.
import {execFileSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {chmod, mkdir, writeFile} from 'node:fs/promises';
import path from 'node:path';

import {eventually, temporaryFolder} from './daemon.mjs';
import {freePort, isListening} from './mailbox.mjs';

// Why there can be none on this machine; undefined where there can.
export const postfixMissing = !existsSync('/usr/sbin/postfix') ? 'postfix is not installed: script/bootstrap test installs it'
  : process.getuid() !== 0 ? 'postfix starts as root only' : undefined;

const mainCf = (folder, {refuser, mailbox}) => `
compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
maillog_file = ${folder}/log
maillog_file_prefixes = ${folder}
myhostname = mx.example.org
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_host_lookup = native
smtp_tls_security_level = none
transport_maps = inline:{example.net=smtp:[127.0.0.1]:${refuser}}
recipient_delimiter = +
virtual_mailbox_domains = example.org
virtual_mailbox_base = ${path.dirname(mailbox.maildir)}
virtual_mailbox_maps = inline:{{bounces@example.org = ${path.basename(mailbox.maildir)}/}}
virtual_minimum_uid = 1
virtual_uid_maps = static:${mailbox.owner.uid}
virtual_gid_maps = static:${mailbox.owner.gid}
alias_maps =
`;

const masterCf = (port) => `
127.0.0.1:${port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;

export class Postfix {
  // What is for example.net goes to the port `refuser`, what comes back to example.org into the mailbox.
  static async start(t, {refuser, mailbox}) {
    const postfix = new Postfix();
    let started = false;
    t.after(() => started && run('stop'));  // before the folder goes
    const folder = await temporaryFolder(t);
    const run = (verb) => execFileSync('/usr/sbin/postfix', ['-c', folder, verb], {stdio: 'ignore'});
    await chmod(folder, 0o755);
    postfix.port = await freePort();
    await mkdir(path.join(folder, 'queue'));
    await mkdir(path.join(folder, 'data'));
    execFileSync('chown', ['postfix', path.join(folder, 'data')]);
    await writeFile(path.join(folder, 'main.cf'), mainCf(folder, {refuser, mailbox}));
    await writeFile(path.join(folder, 'master.cf'), masterCf(postfix.port));
    run('start');
    started = true;
    await eventually('Postfix to listen', () => isListening(postfix.port));
    return postfix;
  }

  get url() { return `smtp://127.0.0.1:${this.port}`; }
}
