import { LETTER } from '../delivery/index.js';
import type { JsonObject } from './document-types.js';

/** The headers that a dead letter has besides those of the message. */
export const LETTER_HEADERS_NAME = 'DeadLetterHeaders';

const TYPES: Readonly<Partial<Record<keyof typeof LETTER, JsonObject>>> = {
  attempts: { type: 'string', pattern: String.raw`^\d+$` },
  at: { type: 'string', format: 'date-time' },
};

/** As JSON Schema: headers are texts. */
export function letterHeadersSchema(): JsonObject {
  const names = Object.entries(LETTER) as [keyof typeof LETTER, string][];
  const properties = Object.fromEntries(names.map(([field, name]) => [name, TYPES[field] ?? { type: 'string' }]));
  return { type: 'object', description: 'Where a message was read, and why it was given up', properties };
}
