import { randomUUID } from 'node:crypto';
import { json } from './auto.js';
import type { Codec, Encoded } from './codec.js';
import { nestError, nestErrorText } from './nest-error.js';
import type { ReplyFormat, RequestMessage } from './reply-format.js';

/** What @nestjs/microservices writes over NATS. */
interface Packet {
  readonly pattern?: unknown;
  readonly data?: unknown;
  readonly id?: string;
}

/** What it answers. Of several answers the last, or the only one, is disposed. */
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
 * NATS as `ClientNats`, `@EventPattern` and `@MessagePattern` of @nestjs/microservices write it: requests
 * `{ pattern, data, id }`, events `{ data }` (Nest goes by the subject), answers `{ response, isDisposed, id }` or
 * `{ err, isDisposed, id }`. For a broker, a handler or a publish, while applications move.
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

/** As Nest tells one from what another client has written. */
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
