import type { HandlerHandle } from '../driver/index.js';
import type { LagReading } from '../lifecycle/index.js';

/** The lag of some handlers beside the most that is allowed. */
export interface CheckedLag {
  readonly isExceeded: boolean;
  /** By the handler's id: messages, or why they are not known. Without those whose source keeps nothing. */
  readonly details: Readonly<Record<string, number | string>>;
}

/** A lag that the server does not tell counts as exceeded: a check that cannot be made has not passed. */
export async function checkLag(
  handlers: readonly HandlerHandle[],
  lags: { of(handle: HandlerHandle): Promise<LagReading> },
  maxLag: number,
): Promise<CheckedLag> {
  const readings = await Promise.all(handlers.map(async (handle) => [handle.id, await lags.of(handle)] as const));
  return {
    isExceeded: readings.some(([, { messages = 0, error }]) => error !== undefined || messages > maxLag),
    details: Object.fromEntries(
      readings.flatMap(([id, { messages, error }]) => {
        const told = error?.message ?? messages;
        return told === undefined ? [] : [[id, told]];
      }),
    ),
  };
}
