import { Logger } from '@nestjs/common';
import { asError, isMultiBrokerError, stackWithCauses, withoutCredentials } from '../../../errors/index.js';

const logger = new Logger('MultiBroker');

/** What is refused, and with which status. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** What a request that failed is answered with. */
export interface Failure {
  readonly status: number;
  readonly text: string;
}

/** Messages of clients and of the application may tell of its insides: they go to the log, and to nobody who asks. */
export function failureOf(thrown: unknown): Failure {
  const error = asError(thrown);
  if (error instanceof Refusal) return { status: error.status, text: error.message };
  if (isMultiBrokerError(error)) return { status: 500, text: withoutCredentials(error.message) };
  logger.error('A request of the page failed', withoutCredentials(stackWithCauses(error)));
  return { status: 500, text: 'The application could not answer; its log says why' };
}
