import type { Kafkajs } from '../../load-client.js';
import { produceRequest, type ProduceRequest } from '../wire/produce-request.js';
import { eachNode, type Node } from './internals.js';

/** The key of a produce request in Kafka's protocol. */
const PRODUCE = 0;

/** kafkajs's form of a request (2.2.4, src/protocol/requests/produce). */
interface Protocol {
  readonly request: { readonly apiVersion: number; encode(this: void): Promise<unknown> };
  readonly response: unknown;
}

type MakeProtocol = (args: ProduceRequest) => Protocol;

/** What kafkajs copies from in place of an encoder of its own. */
interface Encoded {
  readonly buf: Buffer;
  readonly buffer: Buffer;
}

/**
 * Writes the produce requests of this client in place of kafkajs's encoder (see {@link produceRequest}), byte for byte
 * the same. Other users of kafkajs in the process, another kafkajs, and requests that it would refuse or that set
 * timestamps keep kafkajs's own.
 *
 * @returns whether it is in effect
 */
export function writeProduceRequests(kafka: object, codecs: Kafkajs['CompressionCodecs']): boolean {
  return eachNode(kafka, (node) => {
    let known: boolean | undefined;
    intercept(node, (make) => (args) => {
      const { request, response } = make(args);
      const { apiVersion, encode } = request;
      if (apiVersion < 3 || apiVersion > 7 || !(known ??= isTheKnown(encode))) return { request, response };
      return { request: { ...request, encode: async () => (await encoded(args, codecs)) ?? encode() }, response };
    });
  });
}

/** kafkajs sets the function when it connects, so this is a property that wraps whatever is set. */
function intercept(node: Partial<Node>, wrap: (make: MakeProtocol) => MakeProtocol): void {
  let { lookupRequest: current } = node as { readonly lookupRequest: unknown } as Record<'lookupRequest', Lookup>;
  const lookup: Lookup = (apiKey, versions) => {
    const make = current(apiKey, versions);
    return apiKey === PRODUCE ? wrap(make) : make;
  };
  Object.defineProperty(node, 'lookupRequest', {
    get: () => lookup,
    set: (set: Lookup) => (current = set),
  });
}

type Lookup = (this: void, apiKey: number, versions: unknown) => MakeProtocol;

async function encoded(args: ProduceRequest, codecs: Kafkajs['CompressionCodecs']): Promise<Encoded | undefined> {
  const { compression = 0 } = args;
  const codec = (codecs as Record<number, (() => Codec) | undefined>)[compression]?.();
  // kafkajs says what is wrong with the name of a codec.
  if (compression !== 0 && codec === undefined) return undefined;
  const bytes = await produceRequest(args, codec && ((records) => codec.compress(asEncoder(records))));
  return bytes && asEncoder(bytes);
}

interface Codec {
  compress(encoder: Encoded): Promise<Buffer>;
}

const asEncoder = (bytes: Buffer): Encoded => ({ buf: bytes, buffer: bytes });

/** The encoder of 2.2.4, by its text: the versions from 3 on share it. */
function isTheKnown(encode: Protocol['request']['encode']): boolean {
  const code = String(encode);
  return code.includes('topicEncoder(compression)') && code.includes('writeArray(encodedTopicData)');
}
