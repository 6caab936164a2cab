import type { DeadLetterTarget, LetterOfEach } from '../delivery/index.js';
import {
  type BrokerDefinition,
  type Destination,
  type DestinationSpec,
  type HandlerOptions,
  isDeadLetter,
  type SourceSpec,
} from '../driver/index.js';
import { type Problem, problemOf } from '../errors/index.js';

/** Stands for the address of the handler's source; of the message, where the source has several. */
const SOURCE = '{source}';

/** A source that is invalid has an address all the same. */
type LetterSource =
  SourceSpec | { readonly address: string; readonly bareAddress?: undefined; readonly addresses?: undefined };

/** The dead letter of a handler: its own, else the broker's; a string is a destination of the source's broker. */
export function deadLetterOf(
  own: HandlerOptions,
  definition: BrokerDefinition,
  source: LetterSource,
): DeadLetterTarget | undefined {
  const written = own.deadLetter ?? definition.options.deadLetter;
  if (!isDeadLetter(written)) return undefined;
  const { broker, destination, headers } = typeof written === 'string' ? { destination: written } : written;
  const target = broker ?? definition.name;
  // The prefix of the letter's broker begins it again.
  const bare = source.addresses?.example ?? source.bareAddress ?? source.address;
  const ofEach = hasSource(destination) ? ofEachAddress(destination, target, definition, source) : undefined;
  return { broker: target, destination: filled(destination, bare), ofEach, headers };
}

/** By the address of each message, where the source has several. */
function ofEachAddress(
  written: string | Destination,
  broker: string,
  definition: BrokerDefinition,
  source: LetterSource,
): LetterOfEach | undefined {
  if (source.addresses === undefined) return undefined;
  const { addresses } = source;
  return {
    example: addresses.example,
    destination: (address) => filled(written, address.slice(addresses.prefix.length)),
    isLoop: (to) => broker === definition.name && definition.feeds?.(to, source) === true,
  };
}

function hasSource(destination: string | Destination): boolean {
  return Object.values(typeof destination === 'string' ? { destination } : destination).some(
    (value: unknown) => typeof value === 'string' && value.includes(SOURCE),
  );
}

/** Of a destination that a kind's function has made, in whatever field it holds the name. */
function filled(destination: string | Destination, address: string): string | Destination {
  if (typeof destination === 'string') return destination.replaceAll(SOURCE, address);
  const fields = Object.entries(destination).map(([name, value]: [string, unknown]) => {
    return [name, typeof value === 'string' ? value.replaceAll(SOURCE, address) : value];
  });
  return Object.fromEntries(fields) as Destination;
}

/** The problem of a letter that must not go there: the handler would read its own letters. */
export function loopProblem(
  definition: BrokerDefinition,
  to: DestinationSpec,
  source: SourceSpec,
): Problem | undefined {
  const feeds = definition.feeds?.(to, source) ?? to.address === source.address;
  if (!feeds) return undefined;
  return problemOf('MULTI_BROKER_DEAD_LETTER_LOOP.option', { destination: to.name, source: source.name });
}
