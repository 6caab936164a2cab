import { describe, expect, it } from '@jest/globals';
import { noServer } from '../../lib/cli/no-server.js';

describe('the server of an application that does not listen', () => {
  it('is an empty text where a constructor writes it or a part of it', () => {
    const adapter: unknown = noServer();
    const server: unknown = noServer().getHttpServer();
    expect(`${adapter as string}${server as string}`).toBe('');
  });

  it('takes any other call', () => {
    expect(() => {
      noServer().getInstance<{ use(): void }>().use();
    }).not.toThrow();
  });
});
