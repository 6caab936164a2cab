import { describe, expect, it } from '@jest/globals';
// @ts-expect-error -- a tool of the repository, without types
import * as tool from '../../tools/ci/promise-markdown.mjs';

interface Report {
  target: string;
  rows: { id: string; text: string; result: string }[];
}

const { promiseTable, putTable } = tool as {
  promiseTable(reports: Report[]): { table: string; missing: string[] };
  putTable(text: string, table: string): string;
};

const names = ['Kafka', 'core NATS', 'JetStream'].flatMap((name) => [`${name} (twin)`, `${name} (real)`]);
const others = [
  'core NATS (real, @nats-io)',
  'JetStream (real, @nats-io)',
  'JetStream (real, allowBatched)',
  'Kafka (real, @platformatic/kafka)',
];
const reports = [...names, ...others, 'third driver'].map((target): Report => ({
  target,
  rows: [
    { id: 'A', text: 'always', result: 'kept' },
    { id: 'B', text: 'not always', result: target.includes('core') ? 'does not apply: it keeps nothing' : 'kept' },
  ],
}));

describe('the table of promises over all targets', () => {
  it('has a line for each promise, and each reason once below', () => {
    const { table, missing } = promiseTable(reports);
    expect(missing).toEqual([]);
    expect(table).toContain('| A | always | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ |');
    expect(table).toContain(
      '| B | not always | ✓ | ✓ | ✓ | –<sup>1</sup> | –<sup>1</sup> | –<sup>1</sup> | ✓ | ✓ | ✓ | ✓ | ✓ |',
    );
    expect(table.match(/it keeps nothing/g)).toHaveLength(1);
  });

  it('shows a promise that is broken or was not run', () => {
    const [first, ...others] = reports;
    const broken = first!.rows.map((row, index) => ({ ...row, result: index === 0 ? 'broken' : 'not run' }));
    const { table } = promiseTable([{ ...first!, rows: broken }, ...others]);
    expect(table).toContain('| A | always | ✗ |');
    expect(table).toContain('| B | not always | ✗ |');
  });

  it('names a target that was not run', () => {
    expect(promiseTable(reports.slice(1)).missing).toEqual(['Kafka (twin)']);
  });

  it('replaces what stands between its markers, and nothing else', () => {
    const text = 'above\n<!-- promises: how -->\n\nold\n\n<!-- /promises -->\nbelow';
    expect(putTable(text, 'new')).toBe('above\n<!-- promises: how -->\n\nnew\n\n<!-- /promises -->\nbelow');
    expect(() => putTable('no markers', 'new')).toThrow('markers');
  });
});
