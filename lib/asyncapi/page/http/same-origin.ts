import type { Exchange } from './exchange.js';
import { Refusal } from './failure.js';

/** A page of another origin can set it only if the application's CORS allows it. */
export const HEADER = 'x-multi-broker-page';

/**
 * Refuses what a page of another origin may have sent with the cookies of an administrator. The header alone keeps forms
 * out; where the application allows every origin by CORS, what the browser says of the origin does.
 *
 * @throws Refusal
 */
export function refuseOtherOrigins(exchange: Exchange): void {
  if (exchange.header(HEADER) === undefined) throw new Refusal(403, `The header ${HEADER} is missing`);
  const site = exchange.header('sec-fetch-site');
  if (site !== undefined ? site !== 'same-origin' : !isSameHost(exchange)) {
    throw new Refusal(403, 'Only the page itself may ask for this');
  }
}

/** For browsers that do not say it, and programs, which have no origin. */
function isSameHost(exchange: Exchange): boolean {
  const origin = exchange.header('origin');
  if (origin === undefined) return true;
  try {
    return new URL(origin).host === exchange.header('host');
  } catch {
    return false;
  }
}
