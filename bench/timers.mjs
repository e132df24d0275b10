// Timers: how many fire a second while many wait, against job queues, and how late they are in the daemon.
import {Daemon, makeWorkspace, temporaryFolder} from '../tests/e2e/daemon.mjs';
import {settings} from '../tests/e2e/workspaces.mjs';

import {alone, askPeer, built, compare, count, eachRound, note, short, startDialogue, state, tell} from './measure.mjs';
import {postgres, redis} from './services.mjs';

export const timersWaiting = short ? 20_000 : 1_000_000;
const fewWaiting = short ? 2_000 : 10_000;
const fired = short ? 10_000 : 50_000;
const firedOfFew = short ? 2_000 : 10_000;
const jobs = short ? 5_000 : 20_000;
const dueAtOnce = short ? 3_000 : 10_000;  // at 1,000 a second

async function waitingTimers(scope, contacts) {
  const bench = await startDialogue(scope, built('timers_bench'), await temporaryFolder(scope), contacts);
  note(`${count(contacts)} timers: ${bench.first}`);
  return async (timers) => JSON.parse(await bench.ask(timers));
}

export async function timers() {
  await alone(async (scope) => {
    const many = await waitingTimers(scope, timersWaiting);
    const few = await waitingTimers(scope, fewWaiting);
    await many(fired);  // warm
    const got = await eachRound('timers', async () => {
      const all = await many(fired);
      const small = await few(firedOfFew);
      return {
        product: all.per_second, upkeep: all.with_upkeep_per_second, growth: all.cpu_us / small.cpu_us,
        graphile: await alone(async (inner) => askPeer('graphile.mjs', await postgres(inner), 'drain', jobs)),
        bullmq: await alone(async (inner) => askPeer('bullmq.mjs', await redis(inner), jobs)),
      };
    });
    compare(`timers fired, decided and re-armed, ${count(timersWaiting)} waiting`, got.product, got.graphile,
      'graphile-worker draining due jobs in batches of 500', '/s', '≥ 2');
    compare('… the same', got.product, got.bullmq, 'BullMQ, jobs fallen due', '/s', '≥ 5');
    state('… with the upkeep that the store puts off until nobody waits', got.upkeep, '/s');
    state(`… processor time a timer, ${count(timersWaiting)} waiting against ${count(fewWaiting)}`, got.growth, '×', '≤ 1.5');
  });
}

// The q-quantile of a Prometheus histogram, between a bucket's bounds by proportion, as Prometheus itself has it.
function quantile(text, name, q) {
  const buckets = [...text.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} (\\d+)$`, 'gm'))]
    .map(([, bound, below]) => ({bound: bound === '+Inf' ? Infinity : Number(bound), below: Number(below)}));
  const rank = q * buckets.at(-1).below;
  const index = buckets.findIndex(({below}) => below >= rank);
  const {bound, below} = buckets[index];
  const lower = index ? buckets[index - 1] : {bound: 0, below: 0};
  if (bound === Infinity) return lower.bound;
  return lower.bound + (bound - lower.bound) * (rank - lower.below) / (below - lower.below);
}

export async function lateness() {
  const got = await eachRound('lateness', async (scope) => {
    const daemon = await Daemon.start(scope, await makeWorkspace(scope, {
      'nurtured.yaml': settings({connector: '{type: file, path: outbox}'}),
      'events.yaml': 'events:\n  go: {properties: {due: timestamp}}\n',
      'playbooks/flow.yaml': 'start: {when: go}\nsteps:\n  - wait_until: event.due\n  - tag: ready\n  - wait: 1d\n  - tag: patient\n',
    }));
    const first = Date.now() + 3000 + dueAtOnce * 2;  // later than the last of them is in
    await tell(daemon, 0, dueAtOnce, (n) => [{type: 'track', userId: `u${n}`, event: 'go', properties: {due: new Date(first + n).toISOString()}}]);
    if (Date.now() > first) throw new Error('the events took longer than the moments that they name');
    await new Promise((resolve) => { setTimeout(resolve, first - Date.now() + dueAtOnce + 1000); });
    const text = await (await fetch(`${daemon.url}/metrics`)).text();
    const observed = Number(/^nurtured_due_seconds_count (\d+)$/m.exec(text)[1]);
    if (observed !== dueAtOnce) throw new Error(`${observed} timers fired where ${dueAtOnce} were meant`);
    return {p50: quantile(text, 'nurtured_due_seconds', 0.5) * 1000, p99: quantile(text, 'nurtured_due_seconds', 0.99) * 1000};
  });
  state('from due to decided and on disk, 1,000 due a second, p99', got.p99, 'ms', '≤ 50 ms');
  state('… median', got.p50, 'ms');
}
