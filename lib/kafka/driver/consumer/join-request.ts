import { asError } from '../../../errors/index.js';
import type { Reader } from './partition-lane.js';

/** Readers that wait until their group is joined with them. */
export class JoinRequest {
  readonly joined: Promise<void>;
  resolve: () => void = () => undefined;
  reject: (cause: Error) => void = () => undefined;

  constructor(
    readonly readers: readonly Reader[],
    readonly signal: AbortSignal,
  ) {
    this.joined = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Whoever gave it up does not look at it any more.
    this.joined.catch(() => undefined);
  }
}

/** Aborts once nobody waits for any of them any more. */
export function whenAllAborted(requests: readonly JoinRequest[]): AbortSignal {
  const controller = new AbortController();
  let left = requests.length;
  const one = ({ signal }: JoinRequest): void => {
    if (--left === 0) controller.abort(asError(signal.reason));
  };
  for (const request of requests) {
    if (request.signal.aborted) one(request);
    else request.signal.addEventListener('abort', () => { one(request); }, { once: true }); // prettier-ignore
  }
  return controller.signal;
}
