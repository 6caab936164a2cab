import { spawn } from 'node:child_process';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type TestingModule } from '@nestjs/testing';
import { bytes, MultiBroker } from '../../../lib/index.js';
import { stream, type StreamOptions, toStream } from '../../../lib/nats/index.js';
import { compiledLibrary } from '../../support/compiled-library.js';
import { eventually } from '../../support/eventually.js';
import { createTopic, realBrokers, uniqueName, whenBrokers } from '../../support/real-brokers.js';
import { application, events, orders } from './support.js';

/** `REDRIVE_LETTERS=10000` measures what docs/dead-letters.md says. */
const LETTERS = Number(process.env.REDRIVE_LETTERS ?? 1_000);
const TIMEOUT_MS = 120_000 + LETTERS * 30;
/** The shortest that Kafka's default allows: so long are the partitions of a member kept that was killed. */
const consumer = { sessionTimeout: 6_000, heartbeatInterval: 500 };
const script = path.resolve(import.meta.dirname, '../../support/dead-letters/redrive-process.mjs');

/** A topic, or a stream and its options: as a process of its own gets it. */
interface Place {
  readonly name: string;
  readonly options?: StreamOptions;
  readonly subject: string;
}

async function place(kind: 'orders' | 'events', name: string): Promise<Place> {
  if (kind === 'orders') {
    const topic = await createTopic(uniqueName(name));
    return { name: topic, subject: topic };
  }
  const subject = uniqueName(name);
  return { name: uniqueName('STREAM'), subject, options: { durable: 'd', subjects: [subject], storage: 'memory' } };
}

const sourceOf = ({ name, options }: Place) => (options === undefined ? name : stream(name, options));
const destinationOf = ({ subject, options }: Place) => (options === undefined ? subject : toStream(subject));
const lettersOf = (count: number) => Array.from({ length: count }, (_, index) => `letter-${index}`);

whenBrokers(describe)('a redrive that is killed', () => {
  let library: string;
  let app: TestingModule | undefined;

  beforeAll(() => {
    library = compiledLibrary('redrive-killed');
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  /** What the handler of another process saw; with `killAfter` it is killed after so many calls. */
  async function redriven(settings: object, killAfter = Infinity): Promise<string[]> {
    const { kafka, nats } = realBrokers();
    const child = spawn(process.execPath, [script, library, JSON.stringify({ ...settings, kafka, nats, consumer })], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.split('\n').length > killAfter) child.kill('SIGKILL');
    });
    await new Promise((resolve) => child.once('close', resolve));
    return output.split('\n').filter((line) => line !== '');
  }

  /** So many letters, and how a process of its own finds them. */
  async function parked(broker: 'orders' | 'events', texts: readonly string[]) {
    const [from, letters] = [await place(broker, 'from'), await place(broker, 'letters')];
    const groupId = uniqueName('group');
    app = await application([orders({ groupId, consumer, commitIntervalMs: 100 }), events()], []);
    await app.init();
    const multi = app.get(MultiBroker);
    const own = multi.get(broker);
    await (await own.subscribe(sourceOf(letters), () => undefined)).stop();
    const handle = () => {
      throw new Error('broken');
    };
    const deadLetter = { destination: destinationOf(letters) };
    const broken = await own.subscribe(sourceOf(from), handle, { codec: bytes, retry: { attempts: 1 }, deadLetter });
    const bodies = texts.map((text) => Buffer.from(text));
    await own.publishBatch(destinationOf(from), bodies, { codec: bytes });
    await eventually(() => expect(own.health().counts.deadLettered).toBe(texts.length), TIMEOUT_MS);
    await broken.stop();
    const redrive = () => multi.redrive({ broker, source: sourceOf(letters) });
    return { redrive, settings: { groupId, broker, from, letters } };
  }

  it.each(['orders', 'events'] as const)(
    'twice goes on where it was: every letter on %s is handled, and none is left',
    async (broker) => {
      const { redrive, settings } = await parked(broker, lettersOf(LETTERS));
      const since = performance.now();
      const third = Math.floor(LETTERS / 3);
      const handled = new Set<string>();
      const again: number[] = [];
      const note = (run: readonly string[]) => {
        again.push(run.filter((letter) => handled.has(letter)).length);
        for (const letter of run) handled.add(letter);
      };
      for (let kills = 0; kills < 2; kills++) note(await redriven(settings, third));
      expect(handled.size).toBeLessThan(LETTERS);
      const last = await redriven(settings);
      const result = JSON.parse(last.pop() ?? '') as object;
      note(last);
      const seconds = Math.round((performance.now() - since) / 1_000);
      expect(result).toEqual({ read: last.length, redriven: last.length, left: 0, failed: 0 });
      expect(handled).toEqual(new Set(lettersOf(LETTERS)));
      // Each run went on, and did not begin anew.
      for (const letters of again) expect(letters).toBeLessThan(third);
      expect(await redrive()).toMatchObject({ read: 0 });
      console.info(`${LETTERS} letters on ${broker}, two kills: ${again.join(' + ')} handled twice, ${seconds} s`);
    },
    TIMEOUT_MS,
  );

  it.each(['orders', 'events'] as const)(
    'by none: two processes at once share the letters on %s',
    async (broker) => {
      const texts = lettersOf(400);
      const { redrive, settings } = await parked(broker, texts);
      const both = await Promise.all([redriven(settings), redriven(settings)]);
      const results = both.map((lines) => JSON.parse(lines.pop() ?? '') as object);
      for (const result of results) expect(result).toMatchObject({ left: 0, failed: 0 });
      expect(new Set(both.flat())).toEqual(new Set(texts));
      expect(await redrive()).toMatchObject({ read: 0 });
    },
    TIMEOUT_MS,
  );
});
