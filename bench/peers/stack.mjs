// What the halves of an assembled stack share: the durable queue between them, graphile-worker's or BullMQ's.
import {Queue, Worker} from 'bullmq';
import {Logger, makeWorkerUtils, run} from 'graphile-worker';
import pg from 'pg';

const silent = new Logger(() => () => {});
const redisOptions = (socket) => ({path: socket, maxRetriesPerRequest: null});

// `add(event, body)` resolves once the event and its job are as durable as the queue makes them.
export async function openQueue(kind, where) {
  if (kind === 'bullmq') {
    const queue = new Queue('send', {connection: redisOptions(where)});
    await queue.waitUntilReady();
    return (event) => queue.add('send', event, {removeOnComplete: true, removeOnFail: true});
  }
  const pool = new pg.Pool({connectionString: where, max: 12});
  pool.on('error', (error) => console.error(error.message));
  pool.on('connect', (client) => client.on('error', (error) => console.error(error.message)));
  const utils = await makeWorkerUtils({pgPool: pool, logger: silent});
  await utils.migrate();
  await pool.query('create table event(id bigint generated always as identity primary key, contact text, name text, at timestamptz, body jsonb)');
  const text = `with taken as (insert into event(contact, name, at, body) values ($1, $2, now(), $3) returning id)
    select graphile_worker.add_job('send', $3::json) from taken`;
  return (event, body) => pool.query({name: 'take', text, values: [event.userId, event.event, body]});
}

// Calls `send(event)` for each job, 32 at a time, each done once it resolves.
export async function workOn(kind, where, send) {
  if (kind === 'bullmq') {
    await new Worker('send', (job) => send(job.data), {connection: redisOptions(where), concurrency: 32}).waitUntilReady();
    return;
  }
  await run({connectionString: where, logger: silent, taskList: {send}, preset: {worker: {concurrentJobs: 32, maxPoolSize: 12,
    pollInterval: 500, localQueue: {size: 500}, completeJobBatchDelay: 0, failJobBatchDelay: 0}}});
}
