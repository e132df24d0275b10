// @bufbuild/cel over the conditions of bench/cel_bench.cpp that need no function of ours, planned once. Prints
// {source: nanoseconds an evaluation}.
import {celEnv, parse, plan} from '@bufbuild/cel';

import {perSecond} from './repeat.mjs';

const bindings = {
  contact: {score: 57n, email: 'anna@example.org', tags: ['warm', 'vip', 'customer'], rate: 0.5},
  event: {checklist: 'launch'},
};
const sources = JSON.parse(process.argv[2]);
const env = celEnv();
const taken = {};
for (const source of sources) {
  const evaluate = plan(env, parse(source));
  if (evaluate(bindings) !== true) throw new Error(`${source}: ${evaluate(bindings)}`);
  taken[source] = 1e9 / perSecond(() => evaluate(bindings));
}
console.log(JSON.stringify(taken));
