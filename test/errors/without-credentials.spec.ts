import { expect, it } from '@jest/globals';
import { withoutCredentials } from '../../lib/errors/index.js';

it.each<[string, string, string]>([
  ['a user and a password', 'no nats://u:p@host:4222 here', 'no nats://***@host:4222 here'],
  ['a token', 'nats://t0ken@host', 'nats://***@host'],
  ['a password with @ and /', 'kafka+ssl://u:p@ss/w@host/x', 'kafka+ssl://***@host/x'],
  ['several servers in one word', 'nats://a:b@one,nats://c:d@two', 'nats://***@two'],
  ['no credentials', 'https://host/path and a@b.example', 'https://host/path and a@b.example'],
])('a URL is shown without its credentials: %s', (_, text, shown) => {
  expect(withoutCredentials(text)).toBe(shown);
});
