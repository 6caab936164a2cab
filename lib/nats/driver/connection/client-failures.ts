import type { ApiFailure, ClientFailures } from './failure-port.js';
import { failures as natsIo } from './nats-io/failures.js';
import { failures as nats2 } from './nats-2/failures.js';

export type { ApiFailure } from './failure-port.js';

const readerOf = (thrown: unknown): ClientFailures => (natsIo.isOwn(thrown) ? natsIo : nats2);

/** The code of a client's error: see {@link ClientFailures.code}. */
export const failureCode = (thrown: unknown): string | undefined => readerOf(thrown).code(thrown);

/** The error response of JetStream's API in a client's error; undefined if the API did not answer. */
export const apiFailure = (thrown: unknown): ApiFailure | undefined => readerOf(thrown).api(thrown);

export const isTooLarge = (thrown: unknown): boolean => readerOf(thrown).isTooLarge(thrown);

export const dialProblem = (thrown: Error, ruledOutTls: boolean): ReturnType<ClientFailures['dial']> =>
  readerOf(thrown).dial(thrown, ruledOutTls);
