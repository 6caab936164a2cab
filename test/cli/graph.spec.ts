import { describe, expect, it } from '@jest/globals';
import { mermaidOf } from '../../lib/cli/mermaid.js';
import type { Graph } from '../../lib/lifecycle/index.js';
import { ran } from './support.js';

const BRIDGE = 'apps/bridge.module.ts';

describe('graph', () => {
  it('is a Mermaid flowchart of brokers, places, handlers and dead letters', async () => {
    const { code, out, err } = await ran('graph', BRIDGE);
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(`flowchart LR
  subgraph b0["orders (kafka)"]
    p0(["topic incoming"])
    p1(["topic dead"])
  end
  subgraph b1["events (nats)"]
    p2(["subject orders.created of a stream"])
    p3(["stream ORDERS"])
    p4(["subject prices"])
  end
  h0["Bridge.fromKafka<br>4 at once"]
  h1["Bridge.fromStream<br>batches of 100"]
  h2["Bridge.fromCore"]
  p0 -->|"group bridge"| h0
  h0 --> p2
  p2 -.->|"feeds"| p3
  h0 -.->|"dead letter"| p1
  p3 -->|"durable billing"| h1
  p4 -->|"queue pricing"| h2
`);
  });

  it('is the same as JSON', async () => {
    const { out } = await ran('graph', BRIDGE, '--format', 'json');
    const { brokers, handlers, edges } = JSON.parse(out) as Graph;
    expect(brokers.map(({ name, kind }) => [name, kind])).toEqual([
      ['orders', 'kafka'],
      ['events', 'nats'],
    ]);
    expect(handlers.map(({ label }) => label)).toEqual(['Bridge.fromKafka', 'Bridge.fromStream', 'Bridge.fromCore']);
    expect(edges).toContainEqual({
      from: 'place/orders/topic incoming',
      to: 'handler/Bridge.fromKafka@orders/incoming',
      kind: 'reads',
      label: 'group bridge',
    });
  });

  it('is the same as an SVG that needs no other file', async () => {
    const { code, out, err } = await ran('graph', BRIDGE, '--format', 'svg');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^<svg [^]*<\/svg>\n$/);
    for (const name of ['Bridge.fromKafka', 'incoming', 'orders.created', 'dead letters · orders']) {
      expect(out).toContain(`>${name}</text>`);
    }
  });

  it('is not there with wiring mistakes, which are reported', async () => {
    const { code, out, err } = await ran('graph', 'apps/mistaken.module.ts');
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('[MULTI_BROKER_UNKNOWN_BROKER]');
  });

  it('writes names without a meaning to Mermaid', () => {
    const place = { id: 'b/x', address: 'x', label: 'topic /^a"b#<c>/', letters: false };
    const brokers = [{ id: 'broker/b', name: 'b', kind: undefined, places: [place] }];
    const graph: Graph = { brokers, handlers: [], edges: [] };
    expect(mermaidOf(graph)).toContain('(["topic /^a#34;b#35;#60;c#62;/"])');
  });
});
