import { type CanActivate, type ExecutionContext, ForbiddenException } from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';
import { markRefusal } from './refusal.js';

/** Runs the guards in order; throws, or rejects, with what a refusal is. Synchronous as far as the guards are. */
export type GuardStage = (host: ExecutionContext) => void | Promise<void>;

export function guardStage(guards: readonly CanActivate[]): GuardStage | undefined {
  if (guards.length === 0) return undefined;
  return (host) => {
    for (const [place, guard] of guards.entries()) {
      const verdict = ask(guard, host);
      if (verdict === true) continue;
      if (verdict === false) throw refused();
      return askRest(guards, place, verdict, host);
    }
    return undefined;
  };
}

async function askRest(guards: readonly CanActivate[], place: number, first: unknown, host: ExecutionContext) {
  try {
    if (!(await truth(first))) throw refused();
  } catch (error) {
    throw markRefusal(error);
  }
  return guardStage(guards.slice(place + 1))?.(host);
}

function ask(guard: CanActivate, host: ExecutionContext): unknown {
  try {
    return guard.canActivate(host);
  } catch (error) {
    throw markRefusal(error);
  }
}

async function truth(verdict: unknown): Promise<unknown> {
  const value = await verdict;
  return isObservable(value) ? lastValueFrom(value) : value;
}

/** With Nest's own words. */
function refused(): unknown {
  return markRefusal(new ForbiddenException('Forbidden resource'));
}
