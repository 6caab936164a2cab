import { CONTEXT, PAYLOAD } from '../decorators/index.js';

/** What stands behind the numbers of Nest's parameter decorators; `args` are the payload and the context. */
export const argumentsFactory = {
  exchangeKeyForValue(type: number, data: unknown, [payload, context]: unknown[]): unknown {
    if (type === CONTEXT) return context;
    if (type !== PAYLOAD) return undefined;
    return typeof data === 'string' ? (payload as Record<string, unknown> | null | undefined)?.[data] : payload;
  },
};
