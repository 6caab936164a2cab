import type { Outgoing } from '../driver/index.js';

/** What any system writes around a message, and around a field of it, is less. */
const AROUND = 128;
const FIELD = 16;

/** UTF-8 takes no more for a character of a JavaScript string, nor a text form for a byte. */
const BYTES_PER_CHARACTER = 3;

/**
 * Whether a message is below a limit on any system's wire, told without a look at its text: to count bytes takes a call
 * into the runtime for each string. False: count.
 */
export function surelyFits(message: Outgoing, limit: number): boolean {
  const { body, key = '', headers, rawHeaders, dedupeId = '' } = message;
  let characters = key.length + dedupeId.length;
  let fields = 2;
  for (const name in headers) {
    characters += name.length + (headers[name] ?? '').length;
    fields++;
  }
  for (const [name, value] of rawHeaders ?? []) {
    characters += name.length + (value?.length ?? 0);
    fields++;
  }
  return AROUND + (body?.length ?? 0) + BYTES_PER_CHARACTER * characters + FIELD * fields <= limit;
}
