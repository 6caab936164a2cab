export type { Codec, Encoded } from './codec.js';
export { auto, bytes, json } from './auto.js';
export { CONTENT_TYPE, JSON_TYPE, mediaKind, TEXT } from './content-type.js';
