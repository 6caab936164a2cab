import { MultiBrokerError } from '../errors/index.js';

/** The error of whatever a stop ends or refuses. */
export function stopped(): MultiBrokerError {
  return new MultiBrokerError('MULTI_BROKER_STOPPED', 'The brokers were stopped');
}
