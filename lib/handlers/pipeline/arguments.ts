import type { ArgumentMetadata } from '@nestjs/common';
import { isThenable } from '../../async/index.js';
import { CONTEXT, PAYLOAD } from '../../decorators/index.js';
import type { DeliveryContext } from '../../delivery/index.js';
import { isSchema } from '../schema.js';
import { checkingOnce } from '../zod-schema.js';
import type { NestParameter, NestPipe } from './nest-internals.js';
import { refusing } from './pipes.js';

/** Calls the method with the arguments that its parameter decorators and pipes derive from payload and context. */
export type ArgumentStage = (payload: unknown, context: unknown) => unknown;

type Method = (...args: unknown[]) => unknown;
type Extract = (payload: unknown, context: unknown) => unknown;
interface Parameter {
  readonly index: number;
  readonly extract: Extract;
}

/**
 * The usual handler, which has the payload alone and nothing before it: no pipe, and no guard, which may put a promise in
 * the payload's place.
 */
export function ofPayloadAlone(
  method: Method,
  instance: object,
  parameters: readonly NestParameter[],
): ((context: DeliveryContext) => unknown) | undefined {
  const [only] = parameters;
  if (parameters.length !== 1 || only?.index !== 0 || only.isUndecorated === true) return undefined;
  if (only.pipes.length > 0 || extractor(only) !== payloadOf) return undefined;
  return ({ message }) => method.call(instance, message.payload);
}

/** A method without decorated parameters receives (payload, context), and pipes see the payload. */
export function argumentStage(
  method: Method,
  instance: object,
  parameters: readonly NestParameter[],
  pipes: readonly NestPipe[],
): ArgumentStage {
  if (parameters[0]?.isUndecorated === true) return undecorated(method, instance, parameters[0], pipes);
  const all = parameters.map((parameter): Parameter => {
    return { index: parameter.index, extract: piped(parameter, [...pipes, ...parameter.pipes]) };
  });
  const [only] = all;
  if (only?.index === 0 && all.length === 1)
    return only.extract === payloadOf ? ofPayload(method, instance) : single(method, instance, only.extract);
  return several(method, instance, all);
}

function undecorated(
  method: Method,
  instance: object,
  parameter: NestParameter,
  pipes: readonly NestPipe[],
): ArgumentStage {
  if (pipes.length === 0) return (payload, context) => method.call(instance, payload, context);
  const extract = piped(parameter, pipes);
  return (payload, context) => {
    const value = extract(payload, context);
    return isThenable(value)
      ? Promise.resolve(value).then((ready) => method.call(instance, ready, context))
      : method.call(instance, value, context);
  };
}

/** A guard may have put a promise in its place. */
function ofPayload(method: Method, instance: object): ArgumentStage {
  return (payload) =>
    isThenable(payload)
      ? Promise.resolve(payload).then((ready) => method.call(instance, ready))
      : method.call(instance, payload);
}

/** Allocates no array of arguments, and no promise unless the value is one. */
function single(method: Method, instance: object, extract: Extract): ArgumentStage {
  return (payload, context) => {
    const value = extract(payload, context);
    return isThenable(value)
      ? Promise.resolve(value).then((ready) => method.call(instance, ready))
      : method.call(instance, value);
  };
}

function several(method: Method, instance: object, parameters: readonly Parameter[]): ArgumentStage {
  const length = Math.max(...parameters.map(({ index }) => index)) + 1;
  return (payload, context) => {
    const args = new Array<unknown>(length).fill(undefined);
    let waits = false;
    for (const { index, extract } of parameters) {
      const value = settledLater(extract, payload, context, waits);
      args[index] = value;
      waits ||= isThenable(value);
    }
    return waits ? Promise.all(args).then((ready) => method.apply(instance, ready)) : method.apply(instance, args);
  };
}

/** Once a parameter is a promise, a later one must not throw synchronously: that promise would stay unhandled. */
function settledLater(extract: Extract, payload: unknown, context: unknown, waits: boolean): unknown {
  return waits ? (async () => extract(payload, context))() : extract(payload, context);
}

function piped(parameter: NestParameter, pipes: readonly NestPipe[]): Extract {
  const extract = extractor(parameter);
  if (pipes.length === 0) return extract;
  const metadata = metadataOf(parameter);
  return refusing((payload: unknown, context: unknown) => through(pipes, 0, extract(payload, context), metadata));
}

function through(pipes: readonly NestPipe[], from: number, given: unknown, metadata: ArgumentMetadata): unknown {
  let value = given;
  for (let place = from; place < pipes.length; place++) {
    if (isThenable(value)) {
      return Promise.resolve(value).then((ready) => through(pipes, place, ready, metadata));
    }
    value = pipes[place]?.transform(value, metadata);
  }
  return value;
}

const payloadOf: Extract = (payload) => payload;

function extractor(parameter: NestParameter): Extract {
  const { type, data } = parameter;
  if (typeof type === 'string') return (payload, context) => parameter.extractValue(payload, context);
  if (type === PAYLOAD && data === undefined) return payloadOf;
  return (payload, context) => argumentsFactory.exchangeKeyForValue(type, data, [payload, context]);
}

/**
 * The metadata that Nest's pipes consumer passes to pipes; the payload counts as a body. A pipe that validates by the
 * schema, as Nest 12's StandardSchemaValidationPipe does, must not check twice either.
 */
function metadataOf({ type, data, metatype, schema }: NestParameter): ArgumentMetadata {
  const shared = { metatype, type: type === PAYLOAD ? 'body' : 'custom', data };
  if (schema === undefined) return shared as ArgumentMetadata;
  return { ...shared, schema: isSchema(schema) ? checkingOnce(schema) : schema } as ArgumentMetadata;
}

/** Resolves the numbers of Nest's parameter decorators; the arguments are the payload and the context. */
export const argumentsFactory = {
  exchangeKeyForValue(type: number, data: unknown, [payload, context]: unknown[]): unknown {
    if (type === CONTEXT) return context;
    if (type !== PAYLOAD) return undefined;
    return typeof data === 'string' ? (payload as Record<string, unknown> | null | undefined)?.[data] : payload;
  },
};
