import { asError } from '../../../errors/index.js';
import type { TopicSubscription } from './partition-lane.js';

/** Subscriptions that wait until their group is joined with them. */
export class JoinRequest {
  readonly joined: Promise<void>;
  resolve: () => void = () => undefined;
  reject: (cause: Error) => void = () => undefined;

  constructor(
    readonly subscriptions: readonly TopicSubscription[],
    readonly signal: AbortSignal,
  ) {
    this.joined = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // A caller that gave up handles it no more.
    this.joined.catch(() => undefined);
  }
}

/** Aborts when the last of them is given up. */
export function whenAllAborted(requests: readonly JoinRequest[]): AbortSignal {
  const controller = new AbortController();
  let left = requests.length;
  const one = ({ signal }: JoinRequest): void => {
    if (--left === 0) controller.abort(asError(signal.reason));
  };
  for (const request of requests) {
    if (request.signal.aborted) one(request);
    else request.signal.addEventListener('abort', () => one(request), { once: true });
  }
  return controller.signal;
}
