/** Carries a message's key, for NATS has none. */
export const keyHeader = 'message-key';

/** Carries a key that no header can hold as it is, as base64. */
export const keyBytesHeader = 'message-key-base64';

/** Carries, once each, a header that NATS has no form for: `name=base64`, the name percent-encoded. */
export const encodedHeader = 'multi-broker-header';

/** `null`: the message has no value, where NATS knows only an empty body. */
export const valueHeader = 'multi-broker-value';

/** Header of the server by which a stream drops a second message. */
export const dedupeHeader = 'Nats-Msg-Id';

/** Header of the server that names the stream that must take the message. */
export const expectedStreamHeader = 'Nats-Expected-Stream';

/** Whether a reader takes the header for a message's key, value or encoded header, not for a header. */
export function isOwnHeader(name: string): boolean {
  return name === keyHeader || name === keyBytesHeader || name === encodedHeader || name === valueHeader;
}

/** Whether the header would be read as the key, or beside it. */
export function isKeyHeader(name: string): boolean {
  if (name.length !== keyHeader.length && name.length !== keyBytesHeader.length) return false;
  const lower = name.toLowerCase();
  return lower === keyHeader || lower === keyBytesHeader;
}

/**
 * Whether the server acts on the header: forwarded from another system or another stream, it would dedupe, roll up
 * or refuse. nats-server up to 2.9.3 takes any name that ends in `Nats-Msg-Id` for it (nats-server #3645).
 */
export function actsOnServer(name: string): boolean {
  return /^nats-|nats-msg-id$/i.test(name);
}

/** Why the header cannot be written, or undefined. */
export function headerProblem(name: string, value: string): string | undefined {
  if (!/^[!-9;-~]+$/.test(name)) return 'its name may hold printable ASCII only, without blanks and colons';
  return /[\r\n]/.test(value) ? 'its value holds a line break' : undefined;
}
