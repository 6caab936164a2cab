import { randomUUID } from 'node:crypto';
import { json } from './auto.js';
import type { Codec, Encoded, ReplyFormat, RequestMessage } from './codec.js';

/** A request or event of @nestjs/microservices over NATS. */
interface Packet {
  readonly pattern?: unknown;
  readonly data?: unknown;
  readonly id?: string;
}

/** An answer of @nestjs/microservices. `isDisposed` marks the last, or only, answer to a request. */
interface Response {
  readonly id?: string;
  readonly response?: unknown;
  readonly err?: unknown;
  readonly isDisposed?: boolean;
}

const replies: ReplyFormat = {
  byTopic: false,
  replyTo: ({ replyTo }) => (replyTo === undefined ? undefined : { to: replyTo }),
  answer: (response, request) =>
    write({ ...(response !== undefined && { response }), isDisposed: true, ...idOf(request) }),
  failure: (error, request) => write({ err: nestError(error), isDisposed: true, ...idOf(request) }),
  request: (data, pattern) => write({ pattern, data, id: randomUUID() } satisfies Packet),
  read: ({ body }) => {
    const answer = body === null ? null : json.decode(body, undefined);
    if (!isResponse(answer)) return { payload: answer };
    return answer.err ? { failure: nestErrorText(answer.err) } : { payload: answer.response ?? null };
  },
};

/**
 * The NATS format of @nestjs/microservices (`ClientNats`, `@EventPattern`, `@MessagePattern`): requests are
 * `{ pattern, data, id }`, events `{ data }` (Nest uses the subject as the pattern), answers
 * `{ response, isDisposed, id }` or `{ err, isDisposed, id }`. For a broker, a handler or a publish, during a
 * migration.
 */
export const nestPacket: Codec = {
  encode: (data) => write({ data } satisfies Packet),
  decode: (body) => {
    const packet: unknown = json.decode(body, undefined);
    return isPacket(packet) ? (packet.data ?? null) : packet;
  },
  replies,
};

function write(packet: Packet | Response): Encoded {
  return json.encode(packet);
}

/** The check by which Nest distinguishes packets from other clients' messages. */
function isPacket(value: unknown): value is Packet {
  if (typeof value !== 'object' || value === null) return false;
  const { pattern, data } = value as Packet;
  return pattern !== undefined || data !== undefined;
}

const ENVELOPE = ['id', 'err', 'response', 'isDisposed', 'status'];

function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => ENVELOPE.includes(name));
}

function idOf({ body }: RequestMessage): { id?: string } {
  const packet: unknown = body === null ? undefined : json.decode(body, undefined);
  return isPacket(packet) && packet.id !== undefined ? { id: packet.id } : {};
}

/** A failure as sent by Nest. */
export interface NestError {
  readonly status: 'error';
  readonly message: string;
}

/** Like Nest's own RPC filter: the value of an `RpcException`, else the error's message; never a stack. */
export function nestError(error: Error): object {
  const held = heldBy(error);
  if (typeof held === 'object' && held !== null) return held;
  return { status: 'error', message: typeof held === 'string' ? held : error.message } satisfies NestError;
}

/** The value of an `RpcException`, also as a cause. Found by its method: @nestjs/microservices may not be installed. */
function heldBy(error: unknown): unknown {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { getError } = at as { getError?: unknown };
    if (typeof getError === 'function') return getError.call(at) as unknown;
  }
  return undefined;
}

/** The text of a failure sent by Nest: usually an object, a string from some filters. */
export function nestErrorText(error: unknown): string {
  if (typeof error === 'string') return error;
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : JSON.stringify(error);
}
