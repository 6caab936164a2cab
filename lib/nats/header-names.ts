/** Carries a message's key, for NATS has none. */
export const keyHeader = 'message-key';

/** Header of the server by which a stream drops a second message. */
export const dedupeHeader = 'Nats-Msg-Id';

/** Header of the server that names the stream that must take the message. */
export const expectedStreamHeader = 'Nats-Expected-Stream';

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
