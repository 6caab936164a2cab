import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { BridgeProcess } from './faults/bridge-process.js';
import { CoreWitness } from './faults/core-witness.js';
import { arrivals, committedIds, recordArrivals, timesOf } from './faults/far-side.js';
import type { Setting } from './faults/setting.js';
import { prefill } from './support/messages.js';
import { OwnNats, until } from './support/tools.js';

// A bridge from a real Kafka to a real NATS under four faults. For each: how many messages were committed at the
// source and never arrived at the target (lost, must be 0), and how many arrived more than once (allowed).

interface Fault {
  readonly name: string;
  readonly count: number;
  /** At least so many must be committed in the end, or nothing would be proved. Default: all. */
  readonly committed?: number;
  readonly setting: Partial<Setting>;
  readonly natsIsLate?: boolean;
  /** The stream of the target has fast ingest. */
  readonly batched?: boolean;
  /** The server is killed while core publishes go to it. */
  readonly coreWitness?: boolean;
  act(bridge: BridgeProcess, nats: OwnNats, setting: Setting): Promise<BridgeProcess>;
}

const WITHIN_MS = 90_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const faults: readonly Fault[] = [
  ...[false, true].map((targetFirst): Fault => ({
    name: `target 2 s late, ${targetFirst ? 'target' : 'source'} registered first`,
    count: 50,
    setting: { targetFirst, targetMayBeLate: true },
    natsIsLate: true,
    async act(bridge, nats, { subject }) {
      await bridge.started;
      await pause(2_000);
      await nats.start();
      await recordArrivals(nats.url, 'ARRIVED', subject);
      await until(() => bridge.handled >= 50, { what: 'all handled', timeoutMs: WITHIN_MS });
      return bridge;
    },
  })),
  ...[false, true].map((targetFirst): Fault => ({
    name: `SIGTERM under 1,000 messages, ${targetFirst ? 'target' : 'source'} registered first`,
    count: 1_000,
    committed: 90,
    setting: { targetFirst, handlerMs: 20 },
    async act(bridge) {
      await until(() => bridge.handled >= 100, { what: '100 handled', timeoutMs: WITHIN_MS });
      return bridge;
    },
  })),
  ...(['JetStream', 'JetStream with allow_batched', 'core NATS'] as const).map((target): Fault => ({
    name: `NATS server killed for 3 s under 20,000 messages, ${target}`,
    count: 20_000,
    setting: { confirmed: target !== 'core NATS' },
    batched: target === 'JetStream with allow_batched',
    coreWitness: target === 'core NATS',
    async act(bridge, nats, { topic, group }) {
      await until(() => bridge.handled >= 2_000, { what: '2,000 handled', timeoutMs: WITHIN_MS });
      await nats.kill();
      await pause(3_000);
      await nats.start();
      await until(async () => (await committedIds(topic, group)).size === 20_000, {
        what: 'all committed',
        timeoutMs: WITHIN_MS,
      });
      return bridge;
    },
  })),
  {
    name: 'bridge killed (SIGKILL) under 20,000 messages, started again',
    count: 20_000,
    setting: { confirmed: true },
    async act(bridge, _nats, setting) {
      await until(() => bridge.handled >= 5_000, { what: '5,000 handled', timeoutMs: WITHIN_MS });
      await bridge.end('SIGKILL');
      const second = new BridgeProcess(setting);
      await until(async () => (await committedIds(setting.topic, setting.group)).size === 20_000, {
        what: 'all committed',
        timeoutMs: WITHIN_MS,
      });
      return second;
    },
  },
];

let failed = 0;
for (const [index, fault] of faults.entries()) {
  const { committed, lost, twice } = await run(fault, `${process.pid}-${index}`);
  if (lost > 0 || committed < (fault.committed ?? fault.count)) failed++;
  console.log(`${fault.name.padEnd(72)} committed ${committed} of ${fault.count}  lost ${lost}  twice ${twice}`);
}
console.log(`${faults.length - failed} passed, ${failed} failed`);
const counts = process.env['TEST_COUNTS_DIR'];
if (counts !== undefined) {
  const sum = { passed: faults.length - failed, failed, skipped: 0 };
  writeFileSync(path.join(counts, 'faults.json'), JSON.stringify(sum));
}
process.exit(failed === 0 ? 0 : 1);

async function run(fault: Fault, id: string): Promise<{ committed: number; lost: number; twice: number }> {
  const nats = await OwnNats.prepare({ jetstream: true });
  const topic = `faults-${id}`;
  const setting: Setting = {
    topic,
    group: `${topic}-bridge`,
    subject: `faults.${id}`,
    natsUrl: nats.url,
    confirmed: false,
    handlerMs: 0,
    targetFirst: false,
    targetMayBeLate: false,
    ...fault.setting,
  };
  await prefill(topic, fault.count, 8);
  if (fault.natsIsLate !== true) {
    await nats.start();
    await recordArrivals(nats.url, 'ARRIVED', setting.subject, fault.batched);
  }
  const witness = fault.coreWitness === true ? await CoreWitness.of(nats.url, setting.subject) : undefined;
  const bridge = await fault.act(new BridgeProcess(setting), nats, setting);
  await bridge.end('SIGTERM');
  const seen = await arrivals(nats.url, 'ARRIVED');
  for (const [message, times] of timesOf((await witness?.end()) ?? [])) {
    seen.set(message, Math.max(times, seen.get(message) ?? 0));
  }
  const committed = await committedIds(topic, setting.group);
  await nats.stop();
  const lost = [...committed].filter((message) => !seen.has(message)).length;
  return { committed: committed.size, lost, twice: [...seen.values()].filter((times) => times > 1).length };
}
