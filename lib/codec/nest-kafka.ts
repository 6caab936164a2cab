import { auto } from './auto.js';
import type { Codec, ReplyFormat, RequestMessage } from './codec.js';
import { nestError, nestErrorText } from './nest-packet.js';

/** Headers of @nestjs/microservices, as Spring names them. */
export const KAFKA_CORRELATION_ID = 'kafka_correlationId';
export const KAFKA_REPLY_TOPIC = 'kafka_replyTopic';
const KAFKA_REPLY_PARTITION = 'kafka_replyPartition';
const NEST_ERROR = 'kafka_nest-err';
const NEST_IS_DISPOSED = 'kafka_nest-is-disposed';

const replies: ReplyFormat = {
  byTopic: true,
  replyTo: ({ headers }) => {
    const to = headers[KAFKA_REPLY_TOPIC];
    if (to === undefined || headers[KAFKA_CORRELATION_ID] === undefined) return undefined;
    const partition = Number.parseInt(headers[KAFKA_REPLY_PARTITION] ?? '', 10);
    return partition >= 0 ? { to, partition } : { to };
  },
  answer: (payload, request) => ({ ...auto.encode(payload ?? null), headers: answerHeaders(request) }),
  failure: (error, request) => ({
    body: null,
    headers: { ...answerHeaders(request), [NEST_ERROR]: JSON.stringify(nestError(error)) },
  }),
  request: (payload) => auto.encode(payload),
  read: ({ body, headers }) => {
    const failure = headers[NEST_ERROR];
    if (failure !== undefined) return { failure: nestErrorText(parsed(failure)) };
    return { payload: body === null ? null : nestKafka.decode(body, headers['content-type']) };
  },
};

/**
 * The Kafka format of @nestjs/microservices (`ClientKafka`, `@EventPattern`, `@MessagePattern`): bodies that start like a
 * JSON object or array are parsed, anything else is text; answers go to the topic and partition named by the request. For
 * a broker, a handler or a publish, during a migration.
 */
export const nestKafka: Codec = {
  encode: (payload) => auto.encode(payload),
  decode: (body, contentType) => {
    if (contentType !== undefined) return auto.decode(body, contentType);
    // The schema registry's wire format, which Nest does not parse either.
    if (body[0] === 0) return body;
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
    return /^[[{]/.test(text) ? parsed(text) : text;
  },
  replies,
};

function answerHeaders({ headers }: RequestMessage): Record<string, string> {
  return { [KAFKA_CORRELATION_ID]: headers[KAFKA_CORRELATION_ID] ?? '', [NEST_IS_DISPOSED]: '1' };
}

/** Parsed JSON, or the text itself where it does not parse. */
function parsed(text: string): unknown {
  return auto.decode(Buffer.from(text), undefined);
}
