/**
 * Checked by `npm run typecheck`, never run: what compiles, and after each `@ts-expect-error` what must not.
 */
import { errorOf, phrase, type Problem, problemOf } from '../../lib/errors/index.js';

errorOf('MULTI_BROKER_STOPPED.closed', { broker: 'orders' });
errorOf('MULTI_BROKER_START_TIMEOUT', { ms: 5 }, { cause: 'why' });
errorOf('MULTI_BROKER_STOPPED.all', {});
// @ts-expect-error a placeholder is missing
errorOf('MULTI_BROKER_STOPPED.unwritten', { broker: 'orders' });
// @ts-expect-error a placeholder is misspelt
errorOf('MULTI_BROKER_STOPPED.closed', { brokre: 'orders' });
// @ts-expect-error there is no such placeholder
errorOf('MULTI_BROKER_STOPPED.closed', { broker: 'orders', why: 'x' });
// @ts-expect-error the message has no placeholders
errorOf('MULTI_BROKER_STOPPED.all', { broker: 'orders' });
// @ts-expect-error a placeholder has a value
errorOf('MULTI_BROKER_STOPPED.closed', { broker: undefined });
// @ts-expect-error the code has several messages
errorOf('MULTI_BROKER_STOPPED', {});
// @ts-expect-error there is no such message
errorOf('MULTI_BROKER_STOPPED.lost', {});
// @ts-expect-error a text of one's own
errorOf('MULTI_BROKER_START_TIMEOUT', 'It took too long');

phrase('isEmpty');
phrase('isTooLong', { most: 255 });
// @ts-expect-error a placeholder is missing
phrase('isTooLong');

problemOf('MULTI_BROKER_OPTION_INVALID.reported', { problem: 'x' }) satisfies Problem;
// @ts-expect-error a problem is made of a message of the catalogue
({ code: 'MULTI_BROKER_OPTION_INVALID', what: 'a text of its own' }) satisfies Problem;
