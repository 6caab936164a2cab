import { expect, it } from '@jest/globals';
import { channelsOf } from '../../../lib/asyncapi/page/publish.js';
import type { PlaceDescription, Topology } from '../../../lib/driver/index.js';

/** A topology of one handler, whose source has this address and description. */
function reading(address: string, description: PlaceDescription = {}): Topology {
  const source = { address, description, spec: { address } };
  return { handlers: [{ broker: 'b', source, publishTo: [] }] } as unknown as Topology;
}

const offered = (topology: Topology) => channelsOf(topology, () => ({ prefix: 'eu.' })).map(({ address }) => address);

it.each<[string, Topology, readonly string[]]>([
  ['an address without the prefix of its broker', reading('eu.orders'), ['orders']],
  ['every subject of a stream', reading('ORDERS', { addresses: ['eu.orders', 'eu.refunds'] }), ['orders', 'refunds']],
  ['no stream whose subjects are not known', reading('ORDERS', { addresses: [] }), []],
  ['a placeholder with a name', reading('eu.orders.*', { addresses: ['eu.orders.{id}'] }), ['orders.{id}']],
  ['no wildcard', reading('eu.orders.*', { addresses: ['eu.orders.{0}'] }), []],
  ['no rest of a subject', reading('eu.orders.>'), []],
  ['no pattern of topics', reading('/^eu\\.orders/'), []],
])('publish offers %s', (_, topology, addresses) => {
  expect(offered(topology)).toEqual(addresses);
});
