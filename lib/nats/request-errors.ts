import { MultiBrokerError } from '../errors/index.js';

/** Why a destination of {@link toStream} cannot be asked. */
export function streamCannotBeAsked(to: { readonly name: string }, broker: string): MultiBrokerError {
  return unsupported(
    `A request to ${to.name} would be answered by the stream's PubAck: give the subject as a plain string`,
    broker,
  );
}

/** The stream stores each request and acknowledges it to who asked, before any responder can answer. */
export function answeredByStream(to: { readonly name: string }, stream: string, broker: string): MultiBrokerError {
  return unsupported(
    `Stream ${stream} captures ${to.name}: it stored the request and answered it by its PubAck. ` +
      "Use a subject that no stream captures, or take it out of the stream's subjects",
    broker,
  );
}

function unsupported(what: string, broker: string): MultiBrokerError {
  return new MultiBrokerError('MULTI_BROKER_REQUEST_UNSUPPORTED', `${what} (broker '${broker}')`, { broker });
}
