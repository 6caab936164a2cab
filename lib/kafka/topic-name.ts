import { MultiBrokerError } from '../errors/index.js';

const MAX_LENGTH = 249;

/** Why a cluster would not have a topic of this name, or undefined. Kafka makes folders of these names. */
export function topicProblem(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (name === '.' || name === '..') return "is '.' or '..'";
  if (/^[a-zA-Z0-9._-]+$/.test(name)) return undefined;
  const what = 'holds something else than letters, digits, dot, underscore, hyphen';
  return name.includes('*') ? `${what}; several topics are read by a RegExp: topic(/^orders\\./)` : what;
}

/** Throws MULTI_BROKER_ADDRESS_INVALID for a name that is no topic's. */
export function refuseBadTopic(name: string, broker: string): void {
  const problem = topicProblem(name);
  if (problem === undefined) return;
  const what = `The topic ${shown(name)} of broker '${broker}' ${problem}`;
  throw new MultiBrokerError('MULTI_BROKER_ADDRESS_INVALID', what, { broker });
}

/** As JSON, so that a line break does not reach a log as one; cut, for it may be somebody's payload. */
const shown = (name: string): string => JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
