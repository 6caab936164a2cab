import {
  type BatchBinding,
  DeliveredBatch,
  type DeliveryContext,
  type HandlerResult,
} from '../../lib/delivery/index.js';
import { Rig, type RigOptions } from './delivery-rig.js';

type Results = readonly HandlerResult[] | undefined;

export interface BatchRigOptions extends Omit<RigOptions, 'handle'> {
  readonly batch: Pick<BatchBinding, 'maxSize'> & Partial<BatchBinding>;
  /** Gets the bodies as texts. */
  readonly handle?: (bodies: string[], context: DeliveredBatch) => Results | Promise<Results>;
}

/** A rig whose handler gets batches; `batches` are the bodies of each call. */
export function batchRig({ batch, handle = () => undefined, binding, ...options }: BatchRigOptions) {
  const batches: string[][] = [];
  const call = async (contexts: readonly DeliveryContext[]): Promise<{ ofEach: readonly HandlerResult[] }> => {
    const bodies = contexts.map(({ body }) => String(Buffer.from(body ?? [])));
    batches.push(bodies);
    return { ofEach: (await handle(bodies, new DeliveredBatch(contexts))) ?? [] };
  };
  const whole: BatchBinding = { maxWaitMs: 0, prepare: () => undefined, handle: call, ...batch };
  const rig = new Rig({
    ...options,
    binding: { ...binding, batch: whole },
    handle: async (_body, context) => {
      const result = await whole.handle([context]);
      if (result.ofAll !== undefined) return result.ofAll;
      if (result.failures?.has(0) === true) throw result.failures.get(0);
      return result.ofEach[0];
    },
  });
  return { rig, batches };
}
