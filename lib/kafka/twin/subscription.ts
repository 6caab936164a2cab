import { MultiBrokerError } from '../../errors/index.js';
import type { KafkaSourceSpec } from '../source-spec.js';
import { collides, type TwinCluster } from './twin-cluster.js';
import type { TwinTopic } from './twin-topic.js';

/** Whether a source reads a topic. A RegExp leaves out what a cluster keeps for itself. */
export function reads({ topic }: KafkaSourceSpec, name: string): boolean {
  return typeof topic === 'string' ? topic === name : !name.startsWith('__') && topic.test(name);
}

/**
 * The topics that sources of one group read, in the order in which the driver names them to kafkajs. A consumer's
 * subscription makes its topic, as `auto.create.topics.enable` has it.
 */
export function topicsOf(sources: readonly KafkaSourceSpec[], cluster: TwinCluster, broker: string): TwinTopic[] {
  const named = sources.flatMap(({ topic }) => (typeof topic === 'string' ? [made(topic, cluster, broker)] : []));
  const matched = [...cluster.topics()].filter(({ name }) => sources.some((source) => reads(source, name)));
  for (const { name } of matched) refuseClash(sources, name, broker);
  return [...new Set([...named, ...matched])];
}

function made(name: string, cluster: TwinCluster, broker: string): TwinTopic {
  const other = cluster.collision(broker, name);
  if (other === undefined) return cluster.topic(name);
  const what = `Broker '${broker}' could not read topic '${name}': ${collides(other)}`;
  throw new MultiBrokerError('MULTI_BROKER_SUBSCRIBE_FAILED', what, { broker });
}

/**
 * Throws MULTI_BROKER_SOURCE_CLASH where two sources of one group read a topic: each message would go to one of the
 * two.
 */
export function refuseClash(sources: readonly KafkaSourceSpec[], topic: string, broker: string): void {
  const [one, other] = sources.filter((source) => reads(source, topic));
  if (one === undefined || other === undefined) return;
  const what = `Both ${one.name} and ${other.name} match the topic '${topic}', and each message would go to one of the two`;
  throw new MultiBrokerError('MULTI_BROKER_SOURCE_CLASH', what, { broker });
}
