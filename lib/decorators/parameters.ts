import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Headers, MessageContext } from '../driver/index.js';
import { CONTEXT, PAYLOAD, type Pipe, routeArgument } from './route-argument.js';

/**
 * The decoded payload, or a property of it, through the pipes.
 *
 * @example `@Payload() order: Order`, `@Payload(ValidationPipe) order: Order`
 * @example `@Payload('id', ParseIntPipe) id: number`
 */
export function Payload(...pipes: Pipe[]): ParameterDecorator;
export function Payload(property: string, ...pipes: Pipe[]): ParameterDecorator;
export function Payload(first?: string | Pipe, ...pipes: Pipe[]): ParameterDecorator {
  if (first === undefined || typeof first === 'string') return routeArgument(PAYLOAD, first, pipes);
  return routeArgument(PAYLOAD, undefined, [first, ...pipes]);
}

/** The {@link MessageContext}. */
export function Ctx(): ParameterDecorator {
  return routeArgument(CONTEXT, undefined, []);
}

/** All headers, or the one of the name. */
export const MessageHeaders: Named = createParamDecorator((name: string | undefined, context: ExecutionContext) =>
  pick(messageContext(context).message.headers, name),
);

/** The message key, undefined where there is none. */
export const MessageKey: (...pipes: Pipe[]) => ParameterDecorator = createParamDecorator(
  (_: unknown, context: ExecutionContext) => messageContext(context).message.key,
);

/** What the wildcards (or RegExp groups) of the source stand for: all of them, or the one of the name. */
export const MessageParam: Named = createParamDecorator((name: string | undefined, context: ExecutionContext) =>
  pick(messageContext(context).params, name),
);

type Named = (...nameOrPipes: [name?: string, ...pipes: Pipe[]] | Pipe[]) => ParameterDecorator;

function messageContext(context: ExecutionContext): MessageContext {
  return context.switchToRpc().getContext<MessageContext>();
}

function pick(all: Headers, name: string | undefined): Headers | string | undefined {
  return name === undefined ? all : all[name];
}
