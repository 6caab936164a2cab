import type { Headers, PublishHook, PublishingMessage } from '../driver/index.js';
import { MultiBrokerError } from '../errors/index.js';

/** What the users of one application add to whatever is published. */
export class PublishHooks {
  private readonly hooks = new Set<PublishHook>();

  get any(): boolean {
    return this.hooks.size > 0;
  }

  /** Returns what takes it away again. */
  add(hook: PublishHook): () => void {
    // One that is added twice is called twice.
    const own: PublishHook = (message) => hook(message);
    this.hooks.add(own);
    return () => {
      this.hooks.delete(own);
    };
  }

  /** The headers of all hooks; of one name that of the hook that was added last. Throws what a hook throws. */
  headersFor(message: PublishingMessage): Headers {
    const headers: Record<string, string> = {};
    for (const hook of this.hooks) Object.assign(headers, checked(hook(message), message));
    return headers;
  }
}

function checked(given: unknown, { broker, destination }: PublishingMessage): object {
  if (given === undefined || given === null) return {};
  const isPromise = given instanceof Promise;
  if (typeof given === 'object' && !isPromise) return given;
  const what = `A hook of onPublish() gave a ${isPromise ? 'promise' : typeof given} for ${destination} on broker '${broker}', and not headers`;
  throw new MultiBrokerError('MULTI_BROKER_HEADER_INVALID', what, { broker });
}
