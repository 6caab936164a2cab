export { asItCame } from './as-it-came.js';
export type { Codec, Encoded, SyncCodec } from './codec.js';
export { auto, bytes, json } from './auto.js';
export { CONTENT_TYPE, contentTypeOf, isContentType, JSON_TYPE, mediaKind, TEXT } from './content-type.js';
export { codecName, encodeWith, isOwnCodec } from './encode-with.js';
export { KAFKA_CORRELATION_ID, KAFKA_REPLY_TOPIC, nestKafka } from './nest-kafka.js';
export { nestPacket } from './nest-packet.js';
export type { Answer, ReplyAddress, ReplyFormat, ReplyMessage, RequestMessage } from './reply-format.js';
