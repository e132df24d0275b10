// graphile-worker alone, jobs a second. Prints one number.
//   graphile.mjs CONNECTION add COUNT CLIENTS    jobs that fall due in two days, each its own transaction
//   graphile.mjs CONNECTION drain COUNT          jobs that are due and do nothing, by one worker in batches of 500
import {Logger, makeWorkerUtils, run} from 'graphile-worker';
import pg from 'pg';

const [connection, mode, ...numbers] = process.argv.slice(2);
const [count, clients] = numbers.map(Number);
const silent = new Logger(() => () => {});
const pool = new pg.Pool({connectionString: connection, max: 12});
pool.on('error', (error) => console.error(error.message));
pool.on('connect', (client) => client.on('error', (error) => console.error(error.message)));
const utils = await makeWorkerUtils({pgPool: pool, logger: silent});
await utils.migrate();
const payload = (n) => ({contact: n, step: 'wait#1'});

async function add() {
  const runAt = new Date(Date.now() + 2 * 86_400_000);
  let next = 0;
  const client = async () => {
    while (next < count) await utils.addJob('nothing', payload(next++), {runAt});
  };
  const began = performance.now();
  await Promise.all(Array.from({length: clients}, client));
  return count / (performance.now() - began) * 1000;
}

async function drain() {
  const runAt = new Date(Date.now() - 1000);
  for (let n = 0; n < count; n += 1000) {
    await utils.addJobs(Array.from({length: Math.min(1000, count - n)}, (_, i) => ({identifier: 'nothing', payload: payload(n + i), runAt})));
  }
  await pool.query('analyze graphile_worker._private_jobs');
  let done = 0;
  let all;
  const reached = new Promise((resolve) => { all = resolve; });
  const nothing = async () => {
    done += 1;
    if (done === count) all();
  };
  const began = performance.now();
  const runner = await run({pgPool: pool, logger: silent, noHandleSignals: true, taskList: {nothing},
    preset: {worker: {concurrentJobs: 24, pollInterval: 1000, localQueue: {size: 500}, completeJobBatchDelay: 0, failJobBatchDelay: 0}}});
  await reached;
  const rate = count / (performance.now() - began) * 1000;
  await runner.stop();
  return rate;
}

console.log(await {add, drain}[mode]());
await utils.release();
await pool.end();
process.exit();
