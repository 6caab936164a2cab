import { describe, expect, it } from '@jest/globals';
import { errorLine, errorStack, shownError } from '../../lib/cli/shown-error.js';
import { ran } from './support.js';

describe('an error of an application', () => {
  it.each([
    ['a user and a password', 'no kafka://user:secret@h:1', 'no kafka://***@h:1'],
    ['an @ in the password', 'no kafka://user:se@cret@h:1 today', 'no kafka://***@h:1 today'],
    ['a slash in the password', '"redis://:se/cret@h/0" is down', '"redis://***@h/0" is down'],
    ['a token', 'no nats://secret@h', 'no nats://***@h'],
    ['no credentials', 'no nats://h:1, mail to me@h', 'no nats://h:1, mail to me@h'],
  ])('with %s is shown without a secret', (_what, message, shown) => {
    expect(shownError(new Error(message))).toBe(shown);
    expect(errorLine(new Error(message))).toBe(shown);
    expect(errorStack(new Error(message))).toContain(shown);
  });
});

describe('a wiring mistake with a URL', () => {
  it.each(['check', 'check --format json', 'graph', 'graph --verbose'])(
    'is printed without its secret by %s',
    async (command) => {
      const { code, out, err } = await ran(...command.split(' '), 'apps/leaking.module.ts');
      expect([code, out + err]).toEqual([1, expect.stringContaining('kafka://***@kafka.test:9092')]);
      expect(out + err).not.toMatch(/hunter|pass@/);
    },
  );
});
