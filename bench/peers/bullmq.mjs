// BullMQ alone: COUNT delayed jobs that do nothing and have all fallen due, jobs a second. Prints one number.
// usage: bullmq.mjs REDIS_SOCKET COUNT
import {Queue, Worker} from 'bullmq';

const [socket, countText] = process.argv.slice(2);
const count = Number(countText);
const connection = {path: socket, maxRetriesPerRequest: null};
const queue = new Queue('timers', {connection});
await queue.waitUntilReady();

const dueAt = Date.now() + 2000 + count / 5;  // later than the last of them is in
for (let n = 0; n < count; n += 1000) {
  await queue.addBulk(Array.from({length: Math.min(1000, count - n)}, (_, i) => ({name: 'nothing', data: {contact: n + i, step: 'wait#1'},
    opts: {removeOnComplete: true, removeOnFail: true, delay: dueAt - Date.now()}})));
}
if (Date.now() > dueAt) throw new Error('filling the queue took too long');
await new Promise((resolve) => { setTimeout(resolve, dueAt - Date.now() + 100); });

let done = 0;
const began = performance.now();
await new Promise((resolve) => {
  const worker = new Worker('timers', async () => {}, {connection, concurrency: 64});
  worker.on('completed', () => {
    done += 1;
    if (done === count) resolve();
  });
});
console.log(count / (performance.now() - began) * 1000);
process.exit();
