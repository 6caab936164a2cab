import { abandon, isThenable } from '../../../async/index.js';
import { errorOf } from '../../../errors/index.js';
import type { NatsAuthenticator, NatsClientOptions, NatsCredentials } from '../../client-options.js';

/** The functions of the user that the client calls, with what they give checked: it takes anything. */
export function checkedFunctions(
  broker: string,
  { authenticator, reconnectDelayHandler }: NatsClientOptions,
): Pick<NatsClientOptions, 'authenticator' | 'reconnectDelayHandler'> {
  return {
    ...(authenticator !== undefined && {
      authenticator: Array.isArray(authenticator)
        ? authenticator.map((one) => checkedAuthenticator(broker, one))
        : checkedAuthenticator(broker, authenticator),
    }),
    ...(reconnectDelayHandler !== undefined && { reconnectDelayHandler: checkedDelay(broker, reconnectDelayHandler) }),
  };
}

/** Of a promise the client would find no credentials, and connect as nobody where the server lets it. */
function checkedAuthenticator(broker: string, authenticator: NatsAuthenticator): NatsAuthenticator {
  return (nonce) => {
    const given: unknown = authenticator(nonce);
    if (given === undefined || (typeof given === 'object' && !isThenable(given))) return given as NatsCredentials;
    throw errorOf('MULTI_BROKER_OPTION_INVALID.natsAuthenticator', { broker, given: typeOf(given) });
  };
}

/** With what is no number the client would never dial again, and look every millisecond whether it should. */
function checkedDelay(broker: string, delay: () => number): () => number {
  return () => {
    const given: unknown = delay();
    if (typeof given === 'number' && !Number.isNaN(given)) return given;
    throw errorOf('MULTI_BROKER_OPTION_INVALID.natsReconnectDelay', { broker, given: typeOf(given) });
  };
}

/** Never the value itself, which may be a secret. */
function typeOf(given: unknown): string {
  abandon(given);
  if (isThenable(given)) return 'a promise';
  return Number.isNaN(given) ? 'NaN' : typeof given;
}
