import { createParamDecorator, type ExecutionContext, Inject, type PipeTransform, type Type } from '@nestjs/common';
import type { Headers, MessageContext } from '../driver/index.js';

/**
 * Injects the decoded payload or one of its properties, after the pipes.
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

/** Injects the {@link MessageContext}. */
export function Ctx(): ParameterDecorator {
  return routeArgument(CONTEXT, undefined, []);
}

/** What the decorators of one message's fields are made of, by the name of the decorator: a batch has many messages. */
const ofOneMessage = new Map<unknown, string>();

function ofMessage<T>(name: string, factory: (data: T, context: ExecutionContext) => unknown) {
  ofOneMessage.set(factory, name);
  return createParamDecorator(factory);
}

/** The name of the decorator, if it injects a field of a single message. */
export function fieldOfOneMessage(factory: unknown): string | undefined {
  return ofOneMessage.get(factory);
}

/** Injects all headers, or the one of this name. */
export const MessageHeaders: Named = ofMessage(
  '@MessageHeaders()',
  (name: string | undefined, context: ExecutionContext) => pick(messageContext(context).message.headers, name),
);

/** Injects the message key, or undefined if there is none. */
export const MessageKey: (...pipes: Pipe[]) => ParameterDecorator = ofMessage(
  '@MessageKey()',
  (_: unknown, context: ExecutionContext) => messageContext(context).message.key,
);

const param = (name: string | undefined, context: ExecutionContext): Headers | string | undefined =>
  pick(messageContext(context).params, name);

/**
 * Injects the values that the wildcards (or RegExp groups) of the source matched: all, or the one of this name, which a
 * source of the method must have.
 */
export const MessageParam: Named = ofMessage('@MessageParam()', param);

/** The name that a `@MessageParam(name)` asks for. */
export function paramOf({
  factory,
  data,
}: {
  readonly factory?: unknown;
  readonly data?: unknown;
}): string | undefined {
  return factory === param && typeof data === 'string' ? data : undefined;
}

type Named = (...nameOrPipes: [name?: string, ...pipes: Pipe[]] | Pipe[]) => ParameterDecorator;

function messageContext(context: ExecutionContext): MessageContext {
  return context.switchToRpc().getContext<MessageContext>();
}

function pick(all: Headers, name: string | undefined): Headers | string | undefined {
  return name === undefined ? all : all[name];
}

/**
 * The metadata key under which Nest keeps the parameter decorators of every transport, and its numbers for RPC. By
 * sharing the key, decorators of @nestjs/microservices and `createParamDecorator` work next to ours, and the container
 * instantiates pipe classes.
 */
export const ROUTE_ARGUMENTS = '__routeArguments__';
export const PAYLOAD = 3;
export const CONTEXT = 6;
/** Part of the metadata key of a decorator made by `createParamDecorator`. */
export const CUSTOM_ARGUMENT = '__customRouteArgs__';

/** A pipe or a pipe class. */
export type Pipe = PipeTransform | Type<PipeTransform>;

/** One parameter decorator as Nest keeps it. */
export interface RouteArgument {
  readonly index: number;
  readonly data?: unknown;
  readonly pipes: readonly Pipe[];
}

/** Writes the metadata directly: the signature of Nest's own `assignMetadata` differs between major versions. */
export function routeArgument(type: number, data: unknown, pipes: readonly Pipe[]): ParameterDecorator {
  return (target, key, index) => {
    if (key === undefined) return;
    const known = (Reflect.getMetadata(ROUTE_ARGUMENTS, target.constructor, key) ?? {}) as Record<
      string,
      RouteArgument
    >;
    const all = { ...known, [`${String(type)}:${String(index)}`]: { index, data, pipes } };
    Reflect.defineMetadata(ROUTE_ARGUMENTS, all, target.constructor, key);
  };
}

/**
 * Injects a broker of `forRoot()` or `forFeature()` by its name, or without a name the default broker. For brokers that
 * are added later use `MultiBroker.get(name)`.
 */
export function InjectBroker(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getBrokerToken(name));
}

const NAMES = Symbol.for('nestjs-multi-broker:asked-names');

/** Shared by all copies of the package, as the tokens are. Undefined is the default broker. */
const asked = ((globalThis as { [NAMES]?: Set<string | undefined> })[NAMES] ??= new Set());

/**
 * The injection token of a broker, or without a name of the default broker, for `moduleRef.get()` and
 * `overrideProvider()`. It is a string, so that it is the same in every copy of the package.
 */
export function getBrokerToken(name?: string): string {
  asked.add(name);
  return brokerToken(name);
}

/** Like {@link getBrokerToken}, without recording that the name is injected. */
export function brokerToken(name?: string): string {
  return name === undefined ? 'MULTI_BROKER_DEFAULT' : `MULTI_BROKER:${name}`;
}

/** All names whose token was requested in this process, and so may be injected. */
export function requestedNames(): string[] {
  return [...asked].filter((name) => name !== undefined);
}

/** Whether the token of a broker, or without a name of the default broker, was requested in this process. */
export function isRequested(name: string | undefined): boolean {
  return asked.has(name);
}
