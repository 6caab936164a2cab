import type { Platformatic } from '../../platformatic/options.js';

/** A connection of the client. */
export interface Link {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

export type Answer = (error: Error | null | undefined, response?: unknown) => void;

/** Sends a request of one kind. The last of its arguments is called with the answer. */
export type Send = (connection: Link, ...args: unknown[]) => void;

/** What stands between the client and the server, for requests of one kind. */
export type Between = (send: Send) => Send;

type Look = (name: string, found: (error: Error | null, send?: Send) => void) => void;

/**
 * Puts functions between a part of the client and the server, by the name of the request: before it sends one, the client looks
 * up which version of it the server and itself have.
 */
export function intercept(part: object, { kGetApi }: Platformatic, between: Readonly<Record<string, Between>>): void {
  const owner = part as Record<symbol, Look>;
  const look = owner[kGetApi]?.bind(part);
  if (look === undefined) return;
  owner[kGetApi] = (name, found) =>
    look(name, (error, send) => {
      const make = between[name];
      if (send === undefined || make === undefined) found(error, send);
      // With its key and version, which the client reads.
      else found(error, Object.assign(make(send), send));
    });
}

/** Changes the answers of requests of one kind. */
export const answersBy =
  (change: (answer: Answer) => Answer): Between =>
  (send) =>
  (connection, ...args) => {
    const answer = args.pop() as Answer;
    send(connection, ...args, change(answer));
  };

/** How a part of the client sends requests of one kind. Rejects where the server, or the client, knows none. */
export async function requestOf(part: object, { kGetApi }: Platformatic, name: string): Promise<Send> {
  const look = (part as Record<symbol, Look>)[kGetApi]?.bind(part);
  return (await answered((found) => look?.(name, found))) as Send;
}

/** Calls something that is answered once. */
export function answered(ask: (answer: Answer) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    ask((error, response) => {
      if (error === null || error === undefined) resolve(response);
      else reject(error);
    });
  });
}
