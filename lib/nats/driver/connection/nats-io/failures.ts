import { type ClientFailures, HUNG_UP } from '../failure-port.js';

/** The classes of `@nats-io/nats-core` and `@nats-io/jetstream` that say by themselves what happened, by their names. */
const CODES: Readonly<Record<string, string>> = {
  JetStreamNotEnabled: '503',
  NoResponders: '503',
  TimeoutError: 'TIMEOUT',
  PermissionViolationError: 'PERMISSIONS_VIOLATION',
  AuthorizationError: 'AUTHORIZATION_VIOLATION',
  UserAuthenticationExpiredError: 'AUTHENTICATION_EXPIRED',
  ClosedConnectionError: 'CONNECTION_CLOSED',
  DrainingConnectionError: 'CONNECTION_DRAINING',
  ConnectionError: 'CONNECTION_REFUSED',
};
/** Those that have a cause, or none that is worth a code. */
const OTHERS = [
  'RequestError',
  'ProtocolError',
  'InvalidArgumentError',
  'InvalidOperationError',
  'InvalidSubjectError',
];
const API_ERRORS = ['JetStreamApiError', 'ConsumerNotFoundError', 'StreamNotFoundError'];
const OWN = new Set([...Object.keys(CODES), ...OTHERS, ...API_ERRORS, 'JetStreamError', 'JetStreamStatusError']);

interface JetStreamApiError extends Error {
  apiError(): { readonly code: number; readonly err_code?: number; readonly description: string };
}

/** Also of another realm: Node's errors are no `Error` of a test's. */
const isError = (thrown: unknown): thrown is Error => typeof (thrown as Error | null)?.message === 'string';

/** The error and its causes, outermost first. */
function* chain(thrown: unknown): Generator<Error> {
  for (let error = thrown; isError(error); error = error.cause) yield error;
}

function nodeCode(error: Error): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

const isApiError = (error: Error): error is JetStreamApiError =>
  API_ERRORS.includes(error.name) && typeof (error as Partial<JetStreamApiError>).apiError === 'function';

/** Errors of `@nats-io`: classes in place of codes, with causes. */
export const failures: ClientFailures = {
  isOwn: (thrown) => isError(thrown) && OWN.has(thrown.name),
  code: (thrown) => {
    for (const error of chain(thrown)) {
      // Its own word for "no stream matches subject" looks like an answer of the server.
      if (error.name === 'StreamNotFoundError') return undefined;
      if (isApiError(error)) return String(error.apiError().code);
      const code = CODES[error.name] ?? nodeCode(error);
      const inner = isError(error.cause) ? nodeCode(error.cause) : undefined;
      if (code !== undefined) return error.name === 'ConnectionError' ? (inner ?? code) : code;
    }
    return undefined;
  },
  api: (thrown) => {
    for (const error of chain(thrown)) {
      if (!isApiError(error)) continue;
      const { code, err_code: number = 0, description } = error.apiError();
      return { code, number, text: description };
    }
    return undefined;
  },
  isTooLarge: (thrown) => (thrown as Error).message.includes('max_payload'),
  dial: (thrown, ruledOutTls) => {
    if (/does not support 'tls'|'tls' is not available/.test(thrown.message)) return 'no-tls';
    if (ruledOutTls && /tls|certFile/i.test(thrown.message)) return 'tls-ruled-out';
    if (thrown.message.includes(HUNG_UP)) return 'hung-up';
    const cause = isError(thrown.cause) ? `${thrown.cause.message} ` : '';
    return { text: cause === '' ? thrown.message : `${cause}(${thrown.message})` };
  },
};
