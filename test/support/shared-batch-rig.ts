import type { BatchBinding, BatchResult, Binding, DeliveryContext } from '../../lib/delivery/index.js';
import { Rig, type RigOptions } from './delivery-rig.js';
import { aSource, FakeMessage, type MessageFields } from './fake-lane.js';

/** One of the handlers that share the source. */
export interface Sharer extends Partial<Omit<Binding, 'batch' | 'handle'>> {
  readonly wants?: (context: DeliveryContext) => boolean | PromiseLike<boolean>;
  /** Several messages in one call; without it one in each. */
  readonly batch?: Pick<BatchBinding, 'maxSize'> & Partial<BatchBinding>;
  /** Gets the bodies. What it returns for a single message is its result. */
  readonly on?: (bodies: readonly string[], contexts: readonly DeliveryContext[]) => unknown;
}

const RETRY = { attempts: 3, delayMs: 100, factor: 2, maxDelayMs: 30_000, jitter: 0 };

/** Handlers of one source, by name; `calls` are `handler bodies`, in order. */
export function sharedBatchRig(
  sharers: Readonly<Record<string, Sharer>>,
  { binding, ...options }: Omit<RigOptions, 'handle'> = {},
) {
  const calls: string[] = [];
  const takers = Object.entries(sharers).map(([handler, { wants = () => true, batch, on, ...own }]) => {
    const call = (contexts: readonly DeliveryContext[]): unknown => {
      const bodies = contexts.map(bodyOf);
      calls.push(`${handler} ${bodies.join(',')}`);
      return on?.(bodies, contexts);
    };
    const handle = async (contexts: readonly DeliveryContext[]): Promise<BatchResult> => {
      return ((await call(contexts)) as BatchResult | undefined) ?? { ofEach: [] };
    };
    const ofOne = { ack: 'nack-on-error' as const, retry: RETRY, routes: [], targets: [] };
    return {
      wants,
      binding: {
        ...{ handler, broker: 'in', source: aSource, ...ofOne, ...own },
        batch: batch && { maxWaitMs: 0, prepare: () => undefined, handle, ...batch },
        handle: batch === undefined ? (context: DeliveryContext) => call([context]) : alone(handle),
      },
    };
  });
  const rig = new Rig({ ...options, binding: { handler: 'all', filter: () => false, takers, ...binding } });
  return { rig, calls };
}

function alone(handle: BatchBinding['handle']): Binding['handle'] {
  return async (context) => {
    const result = await handle([context]);
    if (result.ofAll !== undefined) return result.ofAll;
    if (result.failures?.has(0) === true) throw result.failures.get(0);
    return result.ofEach[0];
  };
}

function bodyOf({ body }: DeliveryContext): string {
  return String(Buffer.from(body ?? []));
}

/** A handler that takes the messages whose body begins with this. */
export const of = (type: string): Pick<Sharer, 'wants'> => ({ wants: (context) => bodyOf(context).startsWith(type) });

/** Messages `a1`, `b2`: the letter is their type. */
export function typed(bodies: readonly string[], fields: (body: string) => MessageFields = () => ({})): FakeMessage[] {
  return bodies.map((body) => new FakeMessage({ body, ...fields(body) }));
}

/** Each with a key of its own. */
export const keyed = (...bodies: readonly string[]): FakeMessage[] => typed(bodies, (key) => ({ key }));
