import { expect, it } from '@jest/globals';
import { serverAddress } from '../../lib/driver/index.js';

it.each([
  ['kafka.example:9092', { address: 'kafka.example', port: 9092 }],
  ['10.0.0.1:4222', { address: '10.0.0.1', port: 4222 }],
  ['[::1]:4222', { address: '::1', port: 4222 }],
  ['[fe80::1]', { address: 'fe80::1' }],
  ['localhost', { address: 'localhost' }],
  ['', undefined],
  ['a:b:c', undefined],
])('the server %s is %o', (text, expected) => {
  expect(serverAddress(text)).toEqual(expected);
});
