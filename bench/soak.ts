import { setTimeout as pause } from 'node:timers/promises';
import { lagOf, makeTopics, readStream, readTopic } from './soak/ends.js';
import { FAULTS, type Scene } from './soak/faults.js';
import { Replica } from './soak/replica.js';
import { seeded } from './soak/seeded.js';
import { IN, OUT, type Setting } from './soak/setting.js';
import { judge } from './soak/verdict.js';
import { Writer } from './soak/writer.js';
import { KafkaUnderTest } from './support/kafka-under-test.js';
import { NatsUnderTest } from './support/nats-under-test.js';

// Two replicas of a bridge Kafka → JetStream → Kafka under faults at random, for SECONDS: replicas and servers are
// killed, frozen and started again, handlers fail. In the end nothing may be missing, nothing unsettled, no message of a
// key may have overtaken one before it on the way into the stream, and no replica may have ended by itself. SEED says
// which faults come and how long they are.
const seconds = Number(process.env['SECONDS'] ?? 120);
const seed = Number(process.env['SEED'] ?? Date.now() % 100_000);
const QUIET_S = 120;

const random = seeded(seed);
const [kafka, nats] = await Promise.all([KafkaUnderTest.prepare(), NatsUnderTest.prepare()]);
await Promise.all([kafka.start(), nats.start()]);
await makeTopics(kafka.brokers);
const setting: Setting = { kafka: kafka.brokers, nats: nats.url, failing: 2 };
const guests: Replica[] = [];
const join = (): Replica => {
  const guest = new Replica(setting);
  guests.push(guest);
  return guest;
};
const replicas = [new Replica(setting), new Replica(setting)];
const scene: Scene = { kafka, nats, replicas, join, random };

console.log(`seed ${seed}, ${seconds} s`);
const writer = new Writer(kafka.brokers);
for (const end = Date.now() + seconds * 1_000; Date.now() < end;) {
  const fault = FAULTS[Math.floor(random() * FAULTS.length)]!;
  const ms = Math.round(random() * fault.longestMs);
  console.log(`  ${fault.name}, ${ms} ms`);
  await fault.act(scene, ms);
  await pause(Math.round(random() * 1_500));
}
await writer.end();

const quiet = await untilQuiet();
await Promise.all(replicas.map((replica) => replica.endForGood()));
const written = await readTopic(kafka.brokers, IN);
const { read, unsettled } = await readStream(nats.url);
const there = judge(written, read);
const back = judge(read, await readTopic(kafka.brokers, OUT));
const lag = await lagOf(kafka.brokers);
await Promise.all([kafka.remove(), nats.remove()]);

const ends = [...replicas, ...guests].flatMap((replica) => replica.ends);
console.log(`written ${written.length}, quiet ${quiet ? `after ${quiet} ms` : `not within ${QUIET_S} s`}`);
console.log(
  `there: lost ${told(there.lost)}, overtaken ${told(there.overtaken)}, twice ${there.twice}; not committed ${lag}`,
);
console.log(`back: lost ${told(back.lost)}, twice ${back.twice}; unsettled ${unsettled}`);
console.log(`replicas that ended by themselves: ${ends.join('; ') || 'none'}`);
const faults = there.lost.length + there.overtaken.length + back.lost.length + lag + unsettled + ends.length;
process.exit(quiet !== undefined && faults === 0 ? 0 : 1);

/** Until all that was written is committed and settled; undefined: it never was. */
async function untilQuiet(): Promise<number | undefined> {
  const from = Date.now();
  while (Date.now() - from < QUIET_S * 1_000) {
    if ((await lagOf(kafka.brokers)) === 0 && (await readStream(nats.url)).unsettled === 0) return Date.now() - from;
    await pause(500);
  }
  return undefined;
}

function told(ids: readonly number[]): string {
  return ids.length === 0 ? '0' : `${ids.length} (${ids.slice(0, 10).join(', ')}${ids.length > 10 ? ', …' : ''})`;
}
