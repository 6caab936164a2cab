import type { Incoming } from '../driver/index.js';
import { errorOf, type MultiBrokerError, phrase } from '../errors/index.js';

/** By them a responder of NATS' services framework tells that it failed (ADR-32); the body is a reply's or empty. */
const TEXT = 'Nats-Service-Error';
const CODE = 'Nats-Service-Error-Code';

/** Longer ones are cut, as those of this library's own error replies. */
const LONGEST_TEXT = 2_000;

/** MULTI_BROKER_REQUEST_FAILED if the answer is a service's error, whose text and `code` its cause has; else undefined. */
export function serviceFailure(
  answer: Pick<Incoming, 'headers'>,
  at: { readonly destination: string; readonly broker: string },
): MultiBrokerError | undefined {
  const { [TEXT]: text = '', [CODE]: code = '' } = answer.headers();
  if (text === '' && code === '') return undefined;
  const said = (text === '' ? phrase('noReason') : text).slice(0, LONGEST_TEXT);
  const reason = code === '' ? said : phrase('natsService', { text: said, code });
  return errorOf('MULTI_BROKER_REQUEST_FAILED', { ...at, reason }, { cause: Object.assign(new Error(said), { code }) });
}
