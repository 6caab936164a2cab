import { describe, expect, it } from '@jest/globals';
import { check, type CheckResult, checkText } from '../../lib/cli/check/index.js';
import type { BrokerDefinition, Driver, Finding } from '../../lib/driver/index.js';

const never = (): Promise<never> => new Promise(() => undefined);

/** The check of an application with two brokers, one of which is as a test says. */
function checked(definition: Partial<BrokerDefinition>, options = { connect: false, timeoutMs: 20_000 }) {
  const fine = { name: 'fine', needs: () => [], driver: () => Promise.resolve(driver({})) };
  const definitions: Record<string, object> = { fine, odd: { ...fine, name: 'odd', ...definition } };
  const brokers = Object.keys(definitions).map((name) => ({ name, kind: 'own', critical: true, server: undefined }));
  return check(
    {
      topology: () => ({ brokers, handlers: [], waiting: [] }),
      definition: (name) => definitions[name] as BrokerDefinition,
    },
    options,
  );
}

const driver = (own: Partial<Driver>): Driver =>
  ({ inspect: () => Promise.resolve([]), close: () => Promise.resolve(), ...own }) as unknown as Driver;

describe('a check of a kind that fails', () => {
  it('tells that its needs() throws, at its broker', async () => {
    const result = await checked({
      needs: () => {
        throw new Error('boom at own://u:secret@h');
      },
    });
    const text = checkText(result, false);
    expect(text).toContain('odd (own)\n  its kind does not tell what it needs\n  not compared: ');
    expect(text).toContain('needs() failed: boom at own://***@h\n\n1 fault found\n');
    expect(text).toContain('fine (own)\n  nothing\n');
  });

  it('tells that a server has not answered in time, and what its client said last', async () => {
    const silent = driver({
      inspect: ({ log }) => {
        log.error('connect ECONNREFUSED 127.0.0.1:1');
        return never();
      },
    });
    const { brokers } = await checked({ driver: () => Promise.resolve(silent) }, { connect: true, timeoutMs: 100 });
    expect(brokers.map(({ comparison }) => comparison)).toEqual([
      { state: 'compared', findings: [] },
      { state: 'failed', reason: 'it did not answer within 100 ms: connect ECONNREFUSED 127.0.0.1:1' },
    ]);
  });
});

describe('the end of a comparison', () => {
  const broker = { kind: 'own', hosts: [], needs: [] } as const;
  const end = (...brokers: CheckResult['brokers']) =>
    checkText({ mistakes: [], handlers: 1, brokers }, false).split('\n').at(-2);
  const unknown: Finding = { problem: 'unknown', what: 'permissions', name: 'b', text: 'not told' };
  const a = { ...broker, name: 'a', comparison: { state: 'unsupported' } } as const;
  const b = { ...broker, name: 'b', comparison: { state: 'compared', findings: [unknown] } } as const;
  const c = { ...broker, name: 'c', comparison: { state: 'compared', findings: [] } } as const;

  it('names what was not compared', () => {
    expect(end(c)).toBe('The servers have what the application needs');
    expect(end(a, b, c)).toBe(
      'The servers have what the application needs, as far as they were compared: not a, permissions b',
    );
  });

  it('does not say that anything is there where nothing was compared', () => {
    expect(end(a)).toBe('Nothing was compared');
  });

  it('lists what a server does not tell as not compared', () => {
    const text = checkText({ mistakes: [], handlers: 1, brokers: [b] }, true);
    expect(text).toContain('    not compared: permissions b: not told\n');
    expect(text).not.toContain('fault');
  });
});
