import { bytesAlone } from '../../support/task.js';

/** Outputs of some messages that a loop has handled, one after another. */
export interface Chunk {
  readonly bodies: readonly Buffer[];
  /** The position of a message in its source, of the length that the library writes as correlation id. */
  position(index: number): string;
}

/** Resolves when the target has confirmed all of a chunk. */
export type Write = (chunk: Chunk) => Promise<void>;

const CONTENT_TYPE = bytesAlone ? '' : 'content-type: application/json\r\n';

/** The headers that the library writes, as text: nats.js's own `headers()` check and copy every name and value. */
export function headerLines(position: string): string {
  return `correlation-id: ${position}\r\nmulti-broker-hops: 1\r\n${CONTENT_TYPE}`;
}
