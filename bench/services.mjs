// The servers that peers stand on, each in a folder of its own for one round: nginx, PostgreSQL, Redis, Postfix's smtp-sink.
import {execFileSync} from 'node:child_process';
import {chown, mkdir, open, readdir, writeFile} from 'node:fs/promises';
import {createConnection} from 'node:net';
import path from 'node:path';

import {eventually, temporaryFolder} from '../tests/e2e/daemon.mjs';
import {freePort, run, start} from './measure.mjs';

const asRoot = process.getuid() === 0;
const ids = (user) => ({
  uid: Number(execFileSync('id', ['-u', user], {encoding: 'utf8'})),
  gid: Number(execFileSync('id', ['-g', user], {encoding: 'utf8'})),
});

const answers = (target) => new Promise((resolve) => {
  const socket = createConnection(target, () => {
    socket.destroy();
    resolve(true);
  });
  socket.on('error', () => resolve(false));
});

// Answers 204 to everything without reading it: what HTTP alone costs here.
export async function nginx(scope) {
  const folder = await temporaryFolder(scope);
  const port = await freePort();
  const file = path.join(folder, 'nginx.conf');
  await writeFile(file, `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events {worker_connections 1024;}
http {access_log off; keepalive_requests 1000000000; client_body_temp_path ${folder}/body; client_max_body_size 1m;
  proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  server {listen 127.0.0.1:${port}; location / {return 204;}}}\n`);
  start(scope, '/usr/sbin/nginx', ['-c', file, '-e', `${folder}/error.log`]);
  const url = `http://127.0.0.1:${port}`;
  await eventually('nginx', () => fetch(url).then((answer) => answer.status === 204, () => false));
  return url;
}

async function postgresPrograms() {
  const root = '/usr/lib/postgresql';
  const versions = (await readdir(root)).map(Number).filter(Boolean).sort((a, b) => b - a);
  return path.join(root, String(versions[0]), 'bin');
}

export const postgresVersion = async () => (await run(path.join(await postgresPrograms(), 'postgres'), ['--version'])).stdout.trim();

// A cluster of its own, durable as ours is, reached by a Unix socket. Returns the connection string. PostgreSQL refuses to
// run as root.
export async function postgres(scope) {
  const folder = await temporaryFolder(scope);
  const user = asRoot ? ids('postgres') : {};
  if (asRoot) await chown(folder, user.uid, user.gid);
  const data = path.join(folder, 'data');
  const programs = await postgresPrograms();
  const options = {...user, cwd: folder, env: {PATH: process.env.PATH, LC_ALL: 'C.UTF-8'}};
  await run(path.join(programs, 'initdb'), ['-D', data, '-A', 'trust', '-U', 'bench', '--no-sync'], options);
  const settings = {listen_addresses: '', unix_socket_directories: folder, synchronous_commit: 'on', fsync: 'on',
    shared_buffers: '1GB', max_wal_size: '8GB', checkpoint_timeout: '15min', max_connections: 100};
  start(scope, path.join(programs, 'postgres'),
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])], {...options, signal: 'SIGINT'});
  const client = path.join(programs, 'psql');
  await eventually('PostgreSQL', () => run(client, ['-h', folder, '-U', 'bench', '-c', 'select 1', 'postgres']).then(() => true, () => false));
  return `postgresql://bench@/postgres?host=${encodeURIComponent(folder)}`;
}

// With its append-only file synced every second, reached by a Unix socket, whose path it returns.
export async function redis(scope) {
  const folder = await temporaryFolder(scope);
  const socket = path.join(folder, 'redis.sock');
  start(scope, 'redis-server', ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '', '--appendonly', 'yes',
    '--appendfsync', 'everysec'], {cwd: folder});
  await eventually('Redis', () => answers({path: socket}));
  return socket;
}

// Postfix's own sink. It writes its counters to a file; the last of them are what has been taken.
export async function smtpSink(scope) {
  const folder = await temporaryFolder(scope);
  await mkdir(path.join(folder, 'empty'));
  const port = await freePort();
  const counters = await open(path.join(folder, 'counters'), 'w+');
  scope.after(() => counters.close());
  start(scope, '/usr/sbin/smtp-sink', ['-c', ...(asRoot ? ['-u', 'nobody'] : []), `127.0.0.1:${port}`, '1024'],
    {stdio: ['ignore', counters.fd, 'inherit'], cwd: folder});
  await eventually('smtp-sink', () => answers({host: '127.0.0.1', port}));
  let before = 0;
  const total = async () => {
    const {size} = await counters.stat();
    const {buffer, bytesRead} = await counters.read(Buffer.alloc(256), 0, 256, Math.max(0, size - 256));
    return Number([...buffer.toString('latin1', 0, bytesRead).matchAll(/mesg=(\d+)/g)].at(-1)?.[1] ?? 0);
  };
  return {
    port,
    reset: async () => { before = await total(); },
    taken: async () => ({taken: await total() - before, last: Date.now()}),
  };
}
