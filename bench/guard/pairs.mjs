import { fork } from 'node:child_process';
import { once } from 'node:events';
import { medianOf } from './verdict.mjs';

/** Rounds before any is counted, in which code is compiled. */
const WARM = 4;

/**
 * Runs base and head in pairs of fresh processes, whose rounds alternate. Returns of each pair the median of its rounds' ratios,
 * and the processor time of a handled message of both, in µs.
 */
export async function measurePairs({ base, head }, { pairs, rounds }, told) {
  const results = [];
  for (let pair = 0; pair < pairs; pair++) {
    // Who begins alternates.
    const order = pair % 2 === 0 ? [base, head] : [head, base];
    const result = await onePair(order, rounds);
    const [ofBase, ofHead] = pair % 2 === 0 ? result : result.reverse();
    const ratio = medianOf(ofHead.map((micros, round) => micros / ofBase[round]));
    results.push({ ratio, base: medianOf(ofBase), head: medianOf(ofHead) });
    told(results.at(-1), pair);
  }
  return results;
}

async function onePair(sides, rounds) {
  const children = await Promise.all(sides.map(start));
  const measured = children.map(() => []);
  try {
    for (let round = -WARM; round < rounds; round++) {
      for (const [index, child] of children.entries()) {
        const micros = await roundOf(child);
        if (round >= 0) measured[index].push(micros);
      }
    }
    return measured;
  } finally {
    for (const child of children) child.kill();
  }
}

async function start({ script, env }) {
  const child = fork(script, { env: { ...process.env, ...env }, execArgv: ['--no-warnings'] });
  await answerOf(child);
  return child;
}

async function roundOf(child) {
  child.send('go');
  return answerOf(child);
}

async function answerOf(child) {
  const waiting = new AbortController();
  const message = once(child, 'message', { signal: waiting.signal });
  const exit = once(child, 'exit', { signal: waiting.signal }).then(([code, signal]) => {
    throw new Error(`A process ended with ${code ?? signal} before it had measured`);
  });
  try {
    const [answer] = await Promise.race([message, exit]);
    return answer;
  } finally {
    waiting.abort();
    message.catch(() => undefined);
    exit.catch(() => undefined);
  }
}
