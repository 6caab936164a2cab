import { MultiBrokerError, unknownOptions } from '../errors/index.js';

/**
 * Throws MULTI_BROKER_OPTION_INVALID for options of a source or a destination that there are none of; `made` names the
 * function that takes them, `own` what it puts beside them.
 */
export function refuseUnknown(
  given: object,
  made: string,
  names: Readonly<Record<string, true>>,
  own: readonly string[],
  broker: string,
): void {
  const options = Object.fromEntries(Object.entries(given).filter(([name]) => !own.includes(name)));
  const unknown = unknownOptions(options, names);
  if (unknown.length === 0) return;
  throw new MultiBrokerError('MULTI_BROKER_OPTION_INVALID', `${made}: ${unknown.join('; ')}`, { broker });
}
