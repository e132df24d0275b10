// What the tests of kill -9 share: draws that a seed repeats, and what the store says of everybody afterwards.
import {ask} from './daemon.mjs';

const contactsPerPage = '100';

// NURTURED_TEST_SEED repeats the draws of a run.
export function seedOf(t) {
  const seed = Number(process.env.NURTURED_TEST_SEED ?? Date.now() % 1_000_000_007);
  t.diagnostic(`NURTURED_TEST_SEED=${seed}`);
  return seed;
}

// A small generator of which a seed tells all (Steele and Lea's SplitMix, 32 bits).
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
  };
}

export async function everyContact(folder) {
  const all = [];
  for (let after = 0; after !== null;) {
    const page = await ask(folder, 'contact', 'list', '--limit', contactsPerPage, '--after', String(after));
    all.push(...page.contacts);
    after = page.after;
  }
  return all;
}

export function countBy(items, key) {
  const counts = new Map();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}
