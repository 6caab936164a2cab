import type { ArgumentsHost } from '@nestjs/common';
import { MessageContext } from '../driver/index.js';

/**
 * Whether a guard, interceptor, pipe or filter runs for a message of this library: `getType()` is `'rpc'` there too,
 * as it is for handlers of @nestjs/microservices. Then `switchToRpc().getContext()` is the {@link MessageContext}.
 */
export function isBrokerContext(host: ArgumentsHost): boolean {
  return host.getType() === 'rpc' && host.switchToRpc().getContext<unknown>() instanceof MessageContext;
}
