import type { HandlerDeclaration } from '../../lib/handlers/index.js';

/** A declaration as the explorer would make it. */
export function declaration(fields: Partial<HandlerDeclaration> = {}): HandlerDeclaration {
  return {
    handler: 'Orders.onCreated',
    broker: 'orders',
    source: 'created',
    options: {},
    publishTo: [],
    problems: [],
    call: () => undefined,
    ...fields,
  };
}
