import type { DeadLettersOptions, RedriveOptions } from '../../driver/index.js';
import { errorAt, errorOf, type OptionNames, problemOf, unknownOptions } from '../../errors/index.js';

const REDRIVE: OptionNames<RedriveOptions> = {
  to: true,
  filter: true,
  limit: true,
  ratePerSecond: true,
  dryRun: true,
  signal: true,
};

const LOOK: OptionNames<DeadLettersOptions> = { limit: true, signal: true };

/** @throws MULTI_BROKER_OPTION_INVALID, also for an unknown option: a misspelt `dryRun` would redrive */
export function checkRedrive(options: RedriveOptions, broker: string): void {
  const { ratePerSecond, to, filter } = options;
  refuseUnknown(options, 'redrive()', REDRIVE, broker);
  const invalid =
    limitProblem(options) ??
    ((ratePerSecond !== undefined && !isAbove(ratePerSecond, 0) && 'redriveRate') ||
      (to !== undefined && !['handler', 'source'].includes(to) && 'redriveTo') ||
      (filter !== undefined && typeof filter !== 'function' && 'redriveFilter'));
  if (invalid !== false) throw errorOf(`MULTI_BROKER_OPTION_INVALID.${invalid}`, {}, { broker });
}

/** @throws MULTI_BROKER_OPTION_INVALID */
export function checkLook(options: DeadLettersOptions, broker: string): void {
  refuseUnknown(options, 'deadLetters()', LOOK, broker);
  const invalid = limitProblem(options);
  if (invalid !== undefined) throw errorOf(`MULTI_BROKER_OPTION_INVALID.${invalid}`, {}, { broker });
}

function limitProblem({ limit }: DeadLettersOptions): 'redriveLimit' | undefined {
  return limit === undefined || limit === 0 || isAbove(limit, 0) ? undefined : 'redriveLimit';
}

const isAbove = (value: unknown, least: number): boolean => typeof value === 'number' && value > least;

function refuseUnknown(given: object, made: string, names: Readonly<Record<string, true>>, broker: string): void {
  const unknown = unknownOptions(given, names);
  if (unknown.length === 0) return;
  throw errorAt(made, problemOf('MULTI_BROKER_OPTION_INVALID.reported', { problem: unknown.join('; ') }), { broker });
}
