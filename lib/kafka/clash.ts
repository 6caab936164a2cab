import type { KafkaSourceSpec } from './source-spec.js';

/** Why two handlers of one broker would each get a part of the messages, or undefined. */
export function clash(one: KafkaSourceSpec, other: KafkaSourceSpec): string | undefined {
  if (one.groupId !== other.groupId || !overlap(one.topic, other.topic)) return undefined;
  return `${one.address} and ${other.address} overlap in the group '${one.groupId}', so each message would go to one of the two`;
}

/** Two different RegExps are compared when the topics are known: what both match is refused at the start. */
function overlap(one: string | RegExp, other: string | RegExp): boolean {
  if (typeof one === 'string') return typeof other === 'string' ? one === other : other.test(one);
  return typeof other === 'string' ? one.test(other) : String(one) === String(other);
}
