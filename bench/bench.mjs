// Measures the product and what people would otherwise use, in turn, and prints ratios; see script/bench.
import os from 'node:os';

import {expressions, ruleChecks, simulation, templates} from './decisions.mjs';
import {mails, webhooks} from './deliveries.mjs';
import {disturbance, table, writeDocument} from './document.mjs';
import {footprint} from './footprint.mjs';
import {ingestBatched, ingestSingle} from './ingest.mjs';
import {endToEnd} from './journeys.mjs';
import {note, rounds, short} from './measure.mjs';
import {lateness, timers} from './timers.mjs';

const parts = {endToEnd, ingestSingle, ingestBatched, timers, lateness, mails, webhooks, ruleChecks, expressions, templates, simulation,
  footprint};
const only = process.argv.flatMap((argument, n, all) => (all[n - 1] === '--only' ? [argument] : []));
const unknown = only.filter((name) => !(name in parts));
if (unknown.length) {
  note(`bench: no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}

// Whoever stops the run stops what it started: the handlers of 'exit' see to that.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

const loadNow = () => os.loadavg()[0].toFixed(2);
const before = loadNow();
for (const [name, part] of Object.entries(parts)) {
  if (only.length && !only.includes(name)) continue;
  // The others can still be measured.
  await part().catch((error) => {
    note(`bench: ${name} failed: ${error.stack}`);
    process.exitCode = 1;
  });
}
const after = loadNow();
console.log(table());
console.log(`\nMedians of ${rounds} rounds (least–most). ${disturbance()} Load average ${before} before, ${after} after.`);
if (!only.length && !process.exitCode && (!short || process.argv.includes('--write'))) await writeDocument({before, after});
