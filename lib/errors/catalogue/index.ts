import { COMMAND_LINE } from './command-line.js';
import { DELIVERY } from './delivery.js';
import type { Entries } from './entry.js';
import { LIFECYCLE } from './lifecycle.js';
import { OPTIONS } from './options.js';
import { PUBLISHING } from './publishing.js';
import { REQUESTS } from './requests.js';
import { SOURCES } from './sources.js';
import { TESTING } from './testing.js';
import { WIRING } from './wiring.js';

export { PHRASES } from './phrases.js';

/**
 * Every error of the library: its code, its messages, whether the same call may succeed later, and its remedy. A test
 * checks that `docs/errors.md` lists the same.
 */
export const catalogue = {
  ...WIRING,
  ...OPTIONS,
  ...LIFECYCLE,
  ...SOURCES,
  ...PUBLISHING,
  ...REQUESTS,
  ...DELIVERY,
  ...TESTING,
  ...COMMAND_LINE,
} as const satisfies Entries;

/** A stable code of the catalogue. */
export type ErrorCode = keyof typeof catalogue;
