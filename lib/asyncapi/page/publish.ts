import type { Destination, PrefixOption, PublishReceipt, Topology } from '../../driver/index.js';
import type { ManagedMultiBroker } from '../../lifecycle/index.js';
import { Refusal } from './http/failure.js';

/** Somewhere an administrator may publish to: what a handler reads, or publishes to. */
export interface Channel {
  readonly broker: string;
  /** As the broker is told it: without the broker's prefix. */
  readonly address: string;
  /** What is published to: a handler's results are confirmed by a stream, and so is what is published there by hand. */
  readonly to: string | Destination;
  /** Names of its placeholders, whose values come with the message. */
  readonly params: readonly string[];
}

/**
 * The channels of an application. Wildcards, patterns and streams whose subjects only the server knows are left out: what
 * to publish to is not known.
 */
export function channelsOf(topology: Topology, optionsOf: (broker: string) => object | undefined): readonly Channel[] {
  const sources = topology.handlers.flatMap(({ broker, source }) => {
    const { addresses = [source.address] } = source.description;
    return addresses.map((address) => ({ broker, address, to: undefined }));
  });
  const targets = topology.handlers.flatMap(({ publishTo }) =>
    publishTo.map(({ broker, destination, to }) => ({ broker, address: destination.address, to })),
  );
  const found = new Map<string, Channel>();
  for (const { broker, address: full, to } of [...sources, ...targets]) {
    const address = withoutPrefix(full, optionsOf(broker));
    if (/[*>]|^\/|\{\d/.test(address)) continue;
    const params = [...address.matchAll(/\{([^{}]+)\}/g)].map(([, name = '']) => name);
    found.set(`${broker}\n${address}`, { broker, address, to: to ?? address, params });
  }
  return [...found.values()];
}

/** What a broker publishes to begins with its prefix by itself. */
function withoutPrefix(address: string, { prefix = '' }: PrefixOption = {}): string {
  return address.startsWith(prefix) ? address.slice(prefix.length) : address;
}

/** What the page sends. */
interface Wanted {
  readonly broker?: unknown;
  readonly address?: unknown;
  readonly payload?: unknown;
  readonly key?: unknown;
  readonly params?: unknown;
}

/** Publishes a payload, which is JSON, to one of the channels. @throws Refusal */
export async function publishTo(
  brokers: Pick<ManagedMultiBroker, 'lookUp'>,
  channels: readonly Channel[],
  { broker, address, payload, key, params }: Wanted,
): Promise<PublishReceipt> {
  const channel = channels.find((one) => one.broker === broker && one.address === address);
  if (channel === undefined) throw new Refusal(404, 'This application has no such channel');
  if (payload === undefined) throw new Refusal(400, 'There is no payload');
  const values = Object.fromEntries(channel.params.map((name) => [name, textOf(params, name)]));
  const options = {
    ...(typeof key === 'string' && key !== '' && { key }),
    ...(channel.params.length > 0 && { params: values }),
  };
  return brokers.lookUp(channel.broker).publish(channel.to, payload, options);
}

function textOf(params: unknown, name: string): string {
  const value = (params as Readonly<Record<string, unknown>> | undefined)?.[name];
  if (typeof value !== 'string' || value === '') throw new Refusal(400, `The placeholder ${name} has no value`);
  return value;
}
