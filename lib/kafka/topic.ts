import { errorOf, phrase } from '../errors/index.js';
import { isPath, pathProblem, placeholderOf, type Source } from '../driver/index.js';

/** Options of {@link topic}. */
export interface TopicOptions {
  /** The consumer group. Default: the broker's `groupId`. */
  readonly groupId?: string;
  /** Where a new group begins; see the broker's option, which is the default. */
  readonly fromBeginning?: boolean;
}

/** A Kafka source; made by {@link topic}. */
export interface TopicSource extends Source, TopicOptions {
  readonly kind: 'kafka';
  readonly topic: string | RegExp;
  /** @internal Begins the names of the topics that a RegExp matches: that of a class. */
  readonly prefix?: string;
}

/**
 * A Kafka topic, or all topics whose name a RegExp matches, read by a consumer group.
 *
 * A RegExp reads the topics that exist when the subscription starts, of which there has to be one. Its groups are the
 * message's params: `'0'`, `'1'` … in order, and by name. On a broker with a `prefix` it is matched against the rest of the
 * name.
 */
export function topic(name: string | RegExp, options: TopicOptions = {}): TopicSource {
  return { ...options, kind: 'kafka', topic: name };
}

/** The same source below the prefix of a class: `^` of a RegExp is the end of the prefix. */
export function prefixedTopic(from: Source, prefix: string): Source {
  const { topic: named } = from as Partial<TopicSource>;
  if (from.kind !== 'kafka' || named === undefined) return from;
  const own = typeof named === 'string' ? { topic: `${prefix}${named}` } : { topic: named, prefix };
  return { ...from, ...own };
}

const MAX_LENGTH = 249;

/** Why Kafka does not allow the name, or undefined. Kafka uses names for folders. */
export function topicProblem(name: string): string | undefined {
  if (name === '') return phrase('isEmpty');
  if (name.length > MAX_LENGTH) return phrase('topicTooLong', { most: MAX_LENGTH });
  if (name === '.' || name === '..') return phrase('topicIsDots');
  if (/^[a-zA-Z0-9._-]+$/.test(name)) return undefined;
  return name.includes('*') ? phrase('topicIsPattern') : phrase('topicCharacters');
}

/** Throws MULTI_BROKER_ADDRESS_INVALID for a name that Kafka does not allow. */
export function refuseBadTopic(name: string, broker: string): void {
  const problem = isPath(name) ? pathOrTopicProblem(name) : topicProblem(name);
  if (problem === undefined) return;
  throw errorOf('MULTI_BROKER_ADDRESS_INVALID.name', { what: 'topic', name: shown(name), broker, problem });
}

/** A path is valid where it is, with a letter for each placeholder. */
function pathOrTopicProblem(path: string): string | undefined {
  const tokens = path.split('.').map((token) => (placeholderOf(token) === undefined ? token : 'x'));
  return pathProblem(path) ?? topicProblem(tokens.join('.'));
}

/** JSON, so that no line break reaches a log; cut, as it may be a payload. */
const shown = (name: string): string => JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
