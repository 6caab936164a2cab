import { type CanActivate, type ExecutionContext, ForbiddenException, HttpException } from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';
import { isThenable } from '../../async/index.js';
import { isRejection, markRejection } from '../../delivery/index.js';
import { asError } from '../../errors/index.js';

/** Runs the guards in order; throws or rejects if one refuses. Synchronous if the guards are. */
export type GuardStage = (host: ExecutionContext) => void | Promise<void>;

export function guardStage(guards: readonly CanActivate[]): GuardStage | undefined {
  if (guards.length === 0) return undefined;
  return (host) => {
    for (const [place, guard] of guards.entries()) {
      const verdict = activate(guard, host);
      if (verdict === true) continue;
      if (verdict === false) throw refused();
      return activateRest(guards, place, verdict, host);
    }
    return undefined;
  };
}

async function activateRest(guards: readonly CanActivate[], place: number, first: unknown, host: ExecutionContext) {
  try {
    if (!(await truth(first))) throw refused();
  } catch (error) {
    throw markRefusal(error);
  }
  return guardStage(guards.slice(place + 1))?.(host);
}

function activate(guard: CanActivate, host: ExecutionContext): unknown {
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

/** The error with Nest's own text. */
function refused(): unknown {
  return markRefusal(new ForbiddenException('Forbidden resource'));
}

/**
 * Marks an error of a guard or pipe as a refusal of the message if it is an HTTP error below 500 or an RpcException
 * (`false` of a guard becomes Nest's ForbiddenException). Any other error, such as that of a guard whose database is
 * down, is a failure that can be retried.
 */
export function markRefusal(thrown: unknown): unknown {
  return isRefusal(thrown) ? markRejection(thrown) : thrown;
}

/** An error that filters derive from a refusal is still a refusal: it must not block a partition. */
export function keepRefusal(original: unknown, final: unknown): unknown {
  return isRejection(original) && !isRejection(final) ? markRejection(asError(final)) : final;
}

function isRefusal(thrown: unknown): thrown is object {
  if (thrown instanceof HttpException) return thrown.getStatus() < 500;
  // Recognized by name, since @nestjs/microservices is not a dependency.
  return thrown instanceof Error && hasClass(thrown, 'RpcException');
}

function hasClass(error: object, name: string): boolean {
  for (let type: unknown = error.constructor; typeof type === 'function'; type = Object.getPrototypeOf(type)) {
    if (type.name === name) return true;
  }
  return false;
}

/** Guards that were reported. */
const reported = new WeakSet<object>();

/**
 * Warns of the first refusal by a guard that called `switchToHttp()`: written for HTTP requests, it refuses every
 * message, and each is acknowledged.
 */
export function watchedGuard(guard: CanActivate, warn: (warning: string) => void): CanActivate {
  if (reported.has(guard)) return guard;
  return {
    canActivate(context) {
      const asked = watchHttp(context);
      const refused = (): void => {
        if (!asked() || reported.has(guard)) return;
        reported.add(guard);
        warn(warningOf(guard, context));
      };
      return watched(() => guard.canActivate(context), refused);
    },
  };
}

type Verdict = ReturnType<CanActivate['canActivate']>;

function watched(canActivate: () => Verdict, refused: () => void): Verdict {
  try {
    const verdict = canActivate();
    if (isObservable(verdict)) return settled(lastValueFrom(verdict), refused);
    if (isThenable(verdict)) return settled(Promise.resolve(verdict), refused);
    if (!verdict) refused();
    return verdict;
  } catch (thrown) {
    refused();
    throw thrown;
  }
}

async function settled(verdict: Promise<boolean>, refused: () => void): Promise<boolean> {
  try {
    const passes = await verdict;
    if (!passes) refused();
    return passes;
  } catch (thrown) {
    refused();
    throw thrown;
  }
}

/** Reports whether `switchToHttp()` was called. Patching the context is safe: each call has its own. */
function watchHttp(context: ExecutionContext): () => boolean {
  let asked = false;
  const switchToHttp = context.switchToHttp.bind(context);
  context.switchToHttp = () => {
    asked = true;
    return switchToHttp();
  };
  return () => asked;
}

function warningOf(guard: CanActivate, context: ExecutionContext): string {
  const handler = `${context.getClass().name}.${context.getHandler().name}`;
  return (
    `Guard ${guard.constructor.name} refused a message of ${handler} after switchToHttp(). A message has no HTTP request, ` +
    `and messages that the guard refuses are lost. Let it pass where isBrokerContext(context) is true, or set globalEnhancers: false`
  );
}
