import { describe, expect, it } from '@jest/globals';
import { svgOf } from '../../../lib/asyncapi/index.js';
import type { Graph } from '../../../lib/lifecycle/index.js';

const place = (address: string, letters = false) =>
  ({ id: address, address, label: `topic ${address}`, letters }) as const;
const handler = (label: string, notes: readonly string[] = []) =>
  ({ id: label, label, broker: 'b', handle: `${label}@b/in`, notes }) as const;

const GRAPH: Graph = {
  brokers: [
    { id: 'broker/b', name: 'b', kind: 'kafka', places: [place('in'), place('dlq', true)] },
    { id: 'broker/later', name: 'later', kind: undefined, places: [] },
  ],
  handlers: [handler('Shop.<b>&', ['4 at once']), { ...handler('Late.read'), handle: undefined }],
  edges: [
    { from: 'in', to: 'Shop.<b>&', kind: 'reads', label: 'group shop' },
    { from: 'Shop.<b>&', to: 'dlq', kind: 'parks' },
    { from: 'broker/later', to: 'Late.read', kind: 'waits' },
  ],
};

describe('the SVG of a graph', () => {
  const svg = svgOf(GRAPH);

  it('tells each place, handler and edge in words', () => {
    for (const text of [
      ...['topic in (b)', 'topic · b', 'dead letters · b', 'later: not added yet (later)', 'group shop · 4 at once'],
      ...[
        'topic in is read by Shop.&lt;b&gt;&amp; (group shop)',
        'Shop.&lt;b&gt;&amp; parks dead letters in topic dlq',
      ],
      'later: not added yet is waited for by Late.read',
    ]) {
      expect(svg).toContain(`>${text}<`);
    }
  });

  it('needs nothing else, and no property that converters do not know', () => {
    expect(svg).not.toMatch(/href|url\((?!#)|@import|var\(|color-mix/);
    expect(svg).toContain('@media (prefers-color-scheme: dark)');
  });

  it('cuts a very long name in the middle, and has all of it as a tooltip', () => {
    const name = `First${'x'.repeat(100)}Last`;
    const long = svgOf({ ...GRAPH, handlers: [handler(name)], edges: [] });
    expect(long).toMatch(/>Firstx+…x+Last</);
    expect(long).toContain(`<title>${name}@b/in (b)</title>`);
  });

  it('of no handlers is an SVG, too', () => {
    expect(svgOf({ brokers: [], handlers: [], edges: [] })).toMatch(/^<svg [^>]*viewBox="0 0 1 1"/);
  });
});
