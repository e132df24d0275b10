// Calls of `work` a second of processor time, after a warm-up for the just-in-time compiler.
const warmUpMs = 300;
const measuredMs = 1000;

export function perSecond(work) {
  repeatFor(warmUpMs, work);
  return repeatFor(measuredMs, work);
}

function repeatFor(ms, work) {
  const began = process.cpuUsage();
  for (let calls = 1; ; ++calls) {
    work();
    if (calls % 100) continue;
    const {user, system} = process.cpuUsage(began);
    if (user + system >= ms * 1000) return calls * 1e6 / (user + system);
  }
}
