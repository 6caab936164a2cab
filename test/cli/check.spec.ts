import { beforeEach, describe, expect, it } from '@jest/globals';
import type { CheckResult } from '../../lib/cli/check/index.js';
import { checkText, exitCodeOf } from '../../lib/cli/check/index.js';
import type { Finding } from '../../lib/driver/index.js';
import { ran } from './support.js';

// The application reads them when it is loaded: here it is that of another environment.
beforeEach(() => {
  delete process.env.KAFKA_BROKERS;
  delete process.env.NATS_URL;
});

/** What would keep the process up. */
const openTimers = (): string[] => process.getActiveResourcesInfo().filter((one) => one === 'Timeout');

describe('check', () => {
  it('prints every wiring mistake with its code, and ends with 1', async () => {
    const { code, out, err } = await ran('check', 'apps/mistaken.module.ts');
    expect([code, err]).toEqual([1, '']);
    expect(out).toMatch(/^Wiring: 2 mistakes\n/);
    expect(out).toMatch(/^ {2}\[MULTI_BROKER_UNKNOWN_BROKER\] .*Mistaken\.elsewhere.*'order'/m);
    expect(out).toMatch(/^ {2}\[MULTI_BROKER_PUBLISH_WITHOUT_SUBSCRIBE\] .*Mistaken\.never/m);
  });

  it('prints what each broker needs, and no secret', async () => {
    const { code, out, err } = await ran('check', 'apps/bridge.module.ts');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('Wiring: 2 brokers, 3 handlers, no mistakes\n');
    const words = out.split('\n').map((line) => line.trim().replaceAll(/ {2,}/g, ' | '));
    expect(words).toEqual(
      expect.arrayContaining([
        'orders (kafka, kafka.test:9092)',
        'topic | incoming | READ, DESCRIBE, CREATE | created with 6 partition(s) if it is missing',
        'topic | dead | WRITE, DESCRIBE',
        'group | bridge | READ',
        'events (nats, nats.test:4222)',
        'stream | ORDERS | created on orders.> if it is missing',
        'durable | billing of ORDERS | created if it is missing',
        'subject | $JS.API.CONSUMER.MSG.NEXT.ORDERS.billing | publish',
        'subject | orders.created | publish | captured by a stream',
        'subject | prices | subscribe | queue pricing',
        'subject | _INBOX.> | subscribe | answers of JetStream',
      ]),
    );
    expect(out).not.toContain('secret-of-nats');
  });

  it('is JSON for other programs', async () => {
    const { code, out } = await ran('check', 'apps/mistaken.module.ts', '--format', 'json');
    const { mistakes } = JSON.parse(out) as CheckResult;
    expect([code, mistakes.map((mistake) => mistake.code)]).toEqual([
      1,
      ['MULTI_BROKER_PUBLISH_WITHOUT_SUBSCRIBE', 'MULTI_BROKER_UNKNOWN_BROKER'],
    ]);
  });

  it('tells of each server that cannot be asked, ends with 1, and leaves nothing that goes on', async () => {
    const before = openTimers();
    const { code, out } = await ran('check', 'apps/away.module.ts', '--connect');
    expect(openTimers()).toEqual(before);
    expect(code).toBe(1);
    expect(out.match(/^ {2}not compared: .*$/gm)).toHaveLength(2);
    expect(out).toContain('2 faults found');
    expect(out).not.toContain('secret-of-nats');
  });
});

/** A check of one broker with these findings. */
function compared(...findings: Finding[]): CheckResult {
  const broker = { name: 'orders', kind: 'kafka', hosts: [], needs: [] } as const;
  return { mistakes: [], handlers: 1, brokers: [{ ...broker, comparison: { state: 'compared', findings } }] };
}

const missing = { problem: 'missing', what: 'topic', name: 'incoming', text: 'not there' } as const;

describe('the exit code of a comparison', () => {
  it.each([
    ['no difference', [], false, 0],
    ['something that is missing', [missing], false, 1],
    ['something that a start creates', [{ ...missing, created: true }], false, 0],
    ['the same with --strict', [{ ...missing, created: true }], true, 1],
    ['another configuration', [{ ...missing, problem: 'differs' as const }], false, 1],
    ['a missing permission', [{ ...missing, problem: 'forbidden' as const }], false, 1],
  ])('with %s', (_what, findings, strict, code) => {
    expect(exitCodeOf(compared(...findings), strict)).toBe(code);
  });

  it('is said in words', () => {
    expect(checkText(compared({ ...missing, created: true }), false)).toContain(
      '    to be created: topic incoming: not there\n\nThe servers have what the application needs\n',
    );
    expect(checkText(compared(missing), false)).toContain('    missing: topic incoming: not there\n\n1 fault found\n');
  });
});
