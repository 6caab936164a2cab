import type { SideBySide } from '../../lib/delivery/index.js';
import { open, Rig, type RigOptions } from './delivery-rig.js';
import { FakeMessage } from './fake-lane.js';

/** So many calls at once, ordered by key. */
export function sideBySide(perLane: number, total?: number): SideBySide {
  return { perLane, total, keyOf: ({ key }) => key };
}

/** Messages whose first letter is their key; `-` for none. */
export function keyed(...bodies: readonly string[]): FakeMessage[] {
  return bodies.map((body) => new FakeMessage({ body, ...(body.startsWith('-') ? {} : { key: body.charAt(0) }) }));
}

type Call = Pick<ReturnType<typeof open<undefined>>, 'reject'> & { resolve(): void };

/** A rig whose calls end when the test says so, by body. */
export function openCalls(options: RigOptions): { readonly rig: Rig; readonly calls: Map<string, Call> } {
  const calls = new Map<string, Call>();
  const handle = (body: string): Promise<undefined> => {
    const { promise, resolve, reject } = open<undefined>();
    calls.set(body, { resolve: () => resolve(undefined), reject });
    return promise;
  };
  return { rig: new Rig({ ...options, handle }), calls };
}
