/**
 * Checked by `npm run typecheck`, never run: what compiles, and after each `@ts-expect-error` what must not.
 */
import { z } from 'zod';
import { type BatchContext, type Broker, type MessageContext, Subscribe } from '../../lib/index.js';

const schema = z.object({ id: z.number() });
const batch = { maxSize: 5 };

export class Orders {
  @Subscribe('orders', 'a', { batch, schema })
  array(_orders: { id: number }[], _context: BatchContext<{ id: number }>) {}

  @Subscribe('orders', 'b', { batch, schema })
  readonlyArray(_orders: readonly { id: number }[], _context: MessageContext) {}

  @Subscribe('orders', 'c', { batch, schema })
  contextOnly(_context: BatchContext) {}

  // @ts-expect-error a handler with batch gets an array
  @Subscribe('orders', 'd', { batch, schema })
  single(_order: { id: number }) {}

  // @ts-expect-error of what the schema gives
  @Subscribe('orders', 'e', { batch, schema })
  other(_orders: { id: string }[]) {}

  // @ts-expect-error a handler without batch gets one payload
  @Subscribe('orders', 'f', { schema })
  many(_orders: { id: number }[]) {}
}

export async function subscribe(broker: Broker): Promise<void> {
  await broker.subscribe('in', (orders, { messages }) => [orders[0]?.id, messages[0]?.payload.id], { batch, schema });
  await broker.subscribe('in', (names: string[], context) => [names, context.messages.length], { batch });
}
