import { Stopwatch, type Task, task, tell } from '../support/task.js';
import type { Write } from './loop/chunk.js';
import { fromCore } from './loop/core-source.js';
import { fromKafka } from './loop/kafka-source.js';
import { toTopic } from './loop/kafka-target.js';
import { type Style, toCore, toStreamSubject } from './loop/nats-targets.js';
import { fromStream } from './loop/stream-source.js';

// One route by hand, on the clients alone: STYLE says what is written beside the body.
const asked = task();
const style = process.env['STYLE'] as Style;
const watch = new Stopwatch();
let done = 0;

const sources = { kafka: fromKafka, core: fromCore, jetstream: fromStream };
const targets: Record<keyof typeof sources, (task: Task) => Promise<Write>> = {
  kafka: (to) => toTopic(to, style !== 'plain'),
  core: (to) => toCore(to, style),
  jetstream: (to) => toStreamSubject(to, style),
};

function finished(count: number): void {
  done += count;
  if (done >= asked.count) tell(watch.report(done));
}

const write = await targets[asked.to as keyof typeof targets](asked);
watch.beginWithFirstFetch(asked.from);
await sources[asked.from as keyof typeof sources](asked, write, finished);
