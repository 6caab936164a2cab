import { EXIT, type ExitCode } from '../host.js';
import type { CheckedBroker, CheckResult } from './check.js';

/** How many things are wrong. With `strict`, so is what a start would create. */
export function faultsOf({ mistakes, brokers }: CheckResult, strict: boolean): number {
  return brokers.reduce((sum, broker) => sum + faultsOfBroker(broker, strict), mistakes.length);
}

function faultsOfBroker({ comparison }: CheckedBroker, strict: boolean): number {
  if (comparison.state === 'failed') return 1;
  if (comparison.state !== 'compared') return 0;
  return comparison.findings.filter(({ problem, created }) => problem !== 'unknown' && (strict || created !== true))
    .length;
}

/** The exit code of a check. */
export function exitCodeOf(result: CheckResult, strict: boolean): ExitCode {
  return faultsOf(result, strict) === 0 ? EXIT.fine : EXIT.wrong;
}
