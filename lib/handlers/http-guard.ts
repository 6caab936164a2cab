import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';
import { isThenable } from './thenable.js';

/** Guards of which it was told. */
const told = new WeakSet<object>();

/**
 * A guard whose first refusal is told, where it has asked for the HTTP request that a message has not: it then refuses
 * every message, and each is acknowledged.
 */
export function watchedGuard(guard: CanActivate, tell: (warning: string) => void): CanActivate {
  if (told.has(guard)) return guard;
  return {
    canActivate(context) {
      const asked = watchHttp(context);
      const refused = (): void => {
        if (!asked() || told.has(guard)) return;
        told.add(guard);
        tell(warningOf(guard, context));
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

/** Whether `switchToHttp()` was called since. The context is this call's own. */
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
    `Guard ${guard.constructor.name} refused a message of ${handler} after switchToHttp(), which a message has not: it is made for HTTP, ` +
    `and what it refuses is lost. Let it pass where isBrokerContext(context) is true, or set globalEnhancers: false`
  );
}
