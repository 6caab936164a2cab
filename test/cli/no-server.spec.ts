import { describe, expect, it } from '@jest/globals';
import { noServer } from '../../lib/cli/no-server.js';

describe('the server of an application that does not listen', () => {
  it('is an empty text where a constructor writes it or a part of it', () => {
    const adapter = noServer();
    expect(`${String(adapter)}${adapter as unknown as string}${adapter.getHttpServer() as string}`).toBe('');
    expect(adapter.getType().toString() + String(adapter.valueOf())).toBe('');
  });

  it('takes any other call', () => {
    expect(() => void noServer().getInstance<{ use(): void }>().use()).not.toThrow();
  });
});
