import type { NatsSourceSpec } from './source-spec.js';
import { subjectsOverlap } from './subject-match.js';

/** Why two handlers of one broker would each get a part of the messages, or undefined. */
export function clash(one: NatsSourceSpec, other: NatsSourceSpec): string | undefined {
  if (one.via === 'jetstream' && other.via === 'jetstream') {
    if (one.stream !== other.stream || one.consumer !== other.consumer) return undefined;
    return `both read stream ${one.stream} by the durable '${one.consumer}', so each message would go to one of the two`;
  }
  if (one.via !== 'core' || other.via !== 'core') return undefined;
  if (one.queue === undefined || one.queue !== other.queue || !subjectsOverlap(one.subject, other.subject))
    return undefined;
  return `'${one.subject}' and '${other.subject}' overlap in the queue '${one.queue}', so a message would go to one of the two`;
}
