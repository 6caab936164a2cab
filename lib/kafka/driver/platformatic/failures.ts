import { types } from 'node:util';
import { asError } from '../../../errors/index.js';
import type { ClientFailures, SendProblem } from '../client/failure-port.js';

/** The fields of @platformatic/kafka's errors that are read here. An error may hold several others. */
interface PlatformaticError extends Error {
  readonly code?: unknown;
  /** Kafka's name of the error. */
  readonly apiId?: unknown;
  readonly canRetry?: unknown;
  readonly errors?: readonly unknown[];
}

/** Nothing was sent: the client could not find or reach the server that the records are for. */
export class Unsent extends Error {
  override readonly name = 'Unsent';
  constructor(override readonly cause: Error) {
    super(cause.message);
  }
}

/** The client leaves internal topics out of its metadata, without an error; the server refuses to write to them. */
export class InternalTopic extends Error implements PlatformaticError {
  override readonly name = 'InternalTopic';
  readonly apiId = 'INVALID_TOPIC_EXCEPTION';
  readonly canRetry = false;

  constructor(topic: string) {
    super(`The topic '${topic}' is internal to the cluster, which lets nobody write to it`);
  }
}

/** A fetch of the topic was refused. */
export class RefusedTopic extends Error implements PlatformaticError {
  override readonly name = 'RefusedTopic';
  readonly apiId = 'TOPIC_AUTHORIZATION_FAILED';
  readonly canRetry = false;

  constructor(topic: string) {
    super(`This client may not read '${topic}'`);
  }
}

/** A fetched batch that the client cannot read. */
export class UndecodableBatch extends Error {
  override readonly name = 'UndecodableBatch';
}

/** Names that the driver knows by those of kafkajs. */
const NAMES: Readonly<Record<string, string>> = {
  NOT_LEADER_OR_FOLLOWER: 'NOT_LEADER_FOR_PARTITION',
  UNKNOWN_SERVER_ERROR: 'UNKNOWN',
  UNKNOWN_TOPIC_ID: 'UNKNOWN_TOPIC_OR_PARTITION',
  INCONSISTENT_TOPIC_ID: 'UNKNOWN_TOPIC_OR_PARTITION',
};
const UNKNOWN_TOPIC = 'UNKNOWN_TOPIC_OR_PARTITION';

/** The client says this of a topic that the cluster does not have, in an error that holds no other. */
const isUnknownTopic = (error: PlatformaticError): boolean =>
  error.code === 'PLT_KFK_USER' && /^Unknown topic /.test(error.message);

export const failures: ClientFailures = { protocolError, send, undecodable, mayBeStarting };

export function protocolError(thrown: unknown): string | undefined {
  const found = first(thrown, (error) => typeof error.apiId === 'string' || isUnknownTopic(error));
  if (found === undefined) return undefined;
  const id = typeof found.apiId === 'string' ? found.apiId : UNKNOWN_TOPIC;
  return NAMES[id] ?? id;
}

/** Whether the answer of the server says that the same request may succeed later. */
export function isRetriable(thrown: unknown): boolean {
  const refused = first(thrown, (error) => typeof error.apiId === 'string' || isUnknownTopic(error));
  if (refused !== undefined) return refused.canRetry === true || isUnknownTopic(refused);
  return first(thrown, isOfNetwork) !== undefined && !isRefusedCredential(thrown);
}

function send(thrown: Error): SendProblem & { readonly cause: Error } {
  const isSent = !(thrown instanceof Unsent);
  const unanswered = isSent ? unansweredOf(thrown) : undefined;
  // What another node, or an earlier attempt, was asked may be written, whatever this one has refused.
  if (unanswered !== undefined) return { how: 'unanswered', cause: unanswered };
  const type = protocolError(thrown);
  if (type !== undefined) return { how: 'refused', type, isRetriable: isRetriable(thrown), cause: innermost(thrown) };
  if (!isSent || isRefusedCredential(thrown)) return { how: 'unsent', cause: innermost(thrown) };
  const network = first(thrown, isOfNetwork);
  if (network === undefined) return { how: 'unwritable', cause: innermost(thrown) };
  return { how: 'unsent', cause: network };
}

/** Of a connection that could not be made. All others may have carried the request. */
const NOT_SENT =
  /^(Connection to |Connection ready timed out|Connection closed while waiting|Cannot connect|Cannot get a connection|Client is closed|Connection pool is closed)/;

/** The error of a request that was sent and not answered. */
function unansweredOf(thrown: unknown): Error | undefined {
  if (!isError(thrown) || NOT_SENT.test(thrown.message)) return undefined;
  const error: PlatformaticError = thrown;
  if (isOfNetwork(error)) return isRefusedCredential(error) ? undefined : error;
  return [...(error.errors ?? []), error.cause].map(unansweredOf).find((found) => found !== undefined);
}

function undecodable(thrown: Error): string | undefined {
  return first(thrown, (error) => error instanceof UndecodableBatch)?.message;
}

/** The client takes an untrusted certificate for a lost connection, too. */
function mayBeStarting(thrown: Error): boolean {
  if (isRefusedCredential(thrown) || first(thrown, isOfCertificate) !== undefined) return false;
  return isRetriable(thrown);
}

const isOfNetwork = ({ code }: PlatformaticError): boolean => code === 'PLT_KFK_NETWORK' || code === 'PLT_KFK_TIMEOUT';

const isRefusedCredential = (thrown: unknown): boolean =>
  first(thrown, ({ code }) => code === 'PLT_KFK_AUTHENTICATION') !== undefined;

const isOfCertificate = ({ code, message }: PlatformaticError): boolean =>
  /^(CERT_|ERR_TLS|ERR_SSL|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/.test(String(code)) || /certificate|TLS/i.test(message);

/** Errors of Node itself are no instances of `Error` where code runs in a context of its own, as within Jest. */
const isError = (thrown: unknown): thrown is Error => types.isNativeError(thrown);

/** The client gathers errors of several attempts and partitions in one, and has others as causes. */
function first(thrown: unknown, is: (error: PlatformaticError) => boolean): PlatformaticError | undefined {
  if (!isError(thrown)) return undefined;
  const error: PlatformaticError = thrown;
  if (is(error)) return error;
  for (const inner of [...(error.errors ?? []), error.cause]) {
    const found = inner === thrown ? undefined : first(inner, is);
    if (found !== undefined) return found;
  }
  return undefined;
}

function innermost(thrown: Error): Error {
  const error = thrown as PlatformaticError;
  const inner = error.errors?.[0] ?? error.cause;
  return isError(inner) && inner !== thrown ? innermost(inner) : thrown;
}

/** With the reasons that the client puts beside its message, not into it. */
export function sentenceOf(thrown: Error): string {
  const { message } = innermost(thrown);
  return message === thrown.message ? message : `${thrown.message} ${message}`;
}

/** The error of a connect, whose own message is 'Cannot connect to any broker.' */
export function explained(thrown: unknown): Error {
  const cause = asError(thrown);
  const sentence = sentenceOf(cause);
  return sentence === cause.message ? cause : new Error(sentence, { cause });
}
