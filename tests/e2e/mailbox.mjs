// An IMAP server of our own: Dovecot as ordinary processes, in a folder of its own, on the loopback interface, over TLS.
import {execFileSync, spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import {chmod, chown, mkdir, readdir, rename, writeFile} from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';

import {eventually, temporaryFolder} from './daemon.mjs';

const dovecot = '/usr/sbin/dovecot';
const isRoot = process.getuid() === 0;
// Dovecot gives no mailbox to root: as root it reads mail as nobody.
const owner = isRoot ? {uid: 65534, gid: 65534, user: 'nobody', group: 'nogroup'}
  : {uid: process.getuid(), gid: process.getgid(), user: process.env.USER ?? String(process.getuid()), group: String(process.getgid())};

// Why there can be no mailbox on this machine; undefined where there can.
export const mailboxMissing = existsSync(dovecot) && existsSync('/usr/lib/dovecot/imap') ? undefined
  : 'dovecot-imapd is not installed: script/bootstrap test installs it';

export async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const configuration = (folder, port) => `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <${folder}/cert.pem
ssl_key = <${folder}/key.pem
default_internal_user = ${owner.user}
default_internal_group = ${owner.group}
default_login_user = ${owner.user}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:${folder}/mail/%u
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=${owner.uid} gid=${owner.gid} home=${folder}/mail/%u
}
service imap-login {
  chroot =
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = ${port}
  }
}
service anvil {
  chroot =
}
`;

export const isListening = (port) => new Promise((resolve) => {
  const probe = net.connect(port, '127.0.0.1', () => { probe.destroy(); resolve(true); });
  probe.on('error', () => resolve(false));
});

export class Mailbox {
  #folder;
  #count = 0;
  owner = owner;
  user = 'hello@example.org';

  static async start(t) {
    const mailbox = new Mailbox();
    mailbox.#folder = await temporaryFolder(t);
    const folder = mailbox.#folder;
    await chmod(folder, 0o755);
    mailbox.port = await freePort();
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
      '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', path.join(folder, 'key.pem'),
      '-out', path.join(folder, 'cert.pem')], {stdio: 'ignore'});
    for (const name of ['', 'cur', 'new', 'tmp']) await mkdir(path.join(mailbox.maildir, name), {recursive: true});
    if (isRoot) {
      for (const name of ['..', '', 'cur', 'new', 'tmp']) await chown(path.join(mailbox.maildir, name), owner.uid, owner.gid);
    }
    await writeFile(path.join(folder, 'dovecot.conf'), configuration(folder, mailbox.port));
    const server = spawn(dovecot, ['-F', '-c', path.join(folder, 'dovecot.conf')], {stdio: ['ignore', 'ignore', 'inherit']});
    t.after(() => new Promise((resolve) => {
      if (server.exitCode !== null) return resolve();
      server.on('exit', resolve);
      server.kill('SIGTERM');
    }));
    await eventually('Dovecot to listen', () => isListening(mailbox.port));
    return mailbox;
  }

  get maildir() { return path.join(this.#folder, 'mail', this.user); }

  // What nurtured.yaml says of it.
  get inbox() {
    return `{url: "imaps://localhost:${this.port}", user: "${this.user}", password: secret, `
      + `ca_file: "${path.join(this.#folder, 'cert.pem')}", poll: 1s}`;
  }

  // As a delivery agent leaves a mail: written aside, then moved. Its name begins with `name`.
  async deliver(name, source) {
    const file = `${1700000000 + ++this.#count}.${name}.localhost`;
    const aside = path.join(this.maildir, 'tmp', file);
    await writeFile(aside, source);
    if (isRoot) await chown(aside, owner.uid, owner.gid);
    await rename(aside, path.join(this.maildir, 'new', file));
  }

  // Whether somebody has read the mail: Maildir's flag S.
  async isRead(name) {
    const files = await readdir(path.join(this.maildir, 'cur'));
    return files.some((file) => file.includes(`.${name}.`) && /:2,.*S/.test(file));
  }
}
