export { asItCame, codecName, encodeWith, isOwnCodec } from './encode-with.js';
export {
  type Codec,
  type Encoded,
  type SyncCodec,
  type Answer,
  type ReplyAddress,
  type ReplyFormat,
  type ReplyMessage,
  type RequestMessage,
  CONTENT_TYPE,
  contentTypeOf,
  isContentType,
  JSON_TYPE,
  mediaKind,
  TEXT,
} from './codec.js';
export { auto, bytes, json, jsonIn, jsonText, readsJson, textOf, writesJson } from './auto.js';
export { KAFKA_CORRELATION_ID, KAFKA_REPLY_TOPIC, nestKafka } from './nest-kafka.js';
export { nestPacket } from './nest-packet.js';
