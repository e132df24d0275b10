// Measures the product and what people would otherwise use, in turn, and prints ratios; see script/bench.
import os from 'node:os';

import {note, rounds, rows} from './measure.mjs';
import {mails, webhooks} from './deliveries.mjs';
import {ingestBatched, ingestSingle} from './ingest.mjs';
import {endToEnd} from './journeys.mjs';
import {lateness, timers} from './timers.mjs';

const parts = {endToEnd, ingestSingle, ingestBatched, timers, lateness, mails, webhooks};
const only = process.argv.flatMap((argument, n, all) => (all[n - 1] === '--only' ? [argument] : []));
const unknown = only.filter((name) => !(name in parts));
if (unknown.length) {
  note(`bench: no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}

function table() {
  const lines = ['| figure | nurtured | peer | ratio | goal |', '|---|---|---|---|---|'];
  for (const {what, product, peer, ratio, goal} of rows) lines.push(`| ${what} | ${product} | ${peer} | ${ratio} | ${goal} |`);
  return lines.join('\n');
}

const loadNow = () => os.loadavg()[0].toFixed(2);
const before = loadNow();
for (const [name, part] of Object.entries(parts)) if (!only.length || only.includes(name)) await part();
console.log(table());
console.log(`\nload average ${before} before, ${loadNow()} after; medians of ${rounds} rounds (least–most)`);
