import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import * as platformatic from '@platformatic/kafka';

import { TRIED } from '../../../lib/kafka/driver/platformatic/load.js';

const { version } = JSON.parse(readFileSync('node_modules/@platformatic/kafka/package.json', 'utf8')) as {
  readonly version: string;
};

it('what reaches inside @platformatic/kafka was tried on the version that is installed', () => {
  expect(version).toMatch(TRIED);
});

it('what bounds a batch and what commits with metadata find there what they need', () => {
  const { compressionsAlgorithms, kGetApi } = platformatic;
  for (const codec of ['gzip', 'zstd'] as const)
    expect(typeof compressionsAlgorithms[codec].decompressSync).toBe('function');
  expect(typeof kGetApi).toBe('symbol');
  expect(typeof (platformatic.Consumer.prototype as unknown as Record<symbol, unknown>)[kGetApi]).toBe('function');
});

it.each(['fetch', 'commit', 'joinGroup', 'leaveGroup', 'metadata', 'findGroupCoordinator', 'clearMetadata'] as const)(
  'a consumer has %s()',
  (method) => {
    expect(typeof platformatic.Consumer.prototype[method]).toBe('function');
  },
);
