import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import * as platformatic from '@platformatic/kafka';

import type { DriverContext } from '../../../lib/driver/index.js';
import { requireInside, TRIED, warnOfVersion } from '../../../lib/kafka/driver/platformatic/inside.js';
import { loadPlatformatic } from '../../../lib/kafka/driver/platformatic/load.js';
import type { Platformatic } from '../../../lib/kafka/platformatic/options.js';
import { recordingIo } from '../../support/kafka/connected.js';

const { version } = JSON.parse(readFileSync('node_modules/@platformatic/kafka/package.json', 'utf8')) as {
  readonly version: string;
};
const another = (fields: object): Platformatic => ({ ...platformatic, clientSoftwareVersion: '3.0.0', ...fields });

function warnings(of: Platformatic): readonly string[] {
  const { io, log } = recordingIo();
  warnOfVersion(of, io satisfies DriverContext);
  return log;
}

it('what reaches inside @platformatic/kafka was tried on the version that is installed, and finds what it needs', () => {
  expect(version).toMatch(TRIED);
  expect(String(platformatic.clientSoftwareVersion)).toBe(version);
  requireInside(platformatic, 'orders');
  expect(warnings(platformatic)).toEqual([]);
});

it('a version that was not tried, and has what is needed, is told in the log with those that were', () => {
  requireInside(another({}), 'orders');
  expect(warnings(another({}))).toEqual([
    expect.stringMatching(
      /^warn: .*'orders' runs on @platformatic\/kafka 3\.0\.0, which was not tried: it was on 2\.12/,
    ),
  ]);
});

it.each<[string, object]>([
  [
    'compressionsAlgorithms.lz4',
    { compressionsAlgorithms: { ...platformatic.compressionsAlgorithms, lz4: undefined } },
  ],
  ['Consumer[kGetApi], Producer[kGetApi], Admin[kGetApi]', { kGetApi: undefined }],
  ['the connections of a ConnectionPool', { ConnectionPool: Object }],
])('a version without %s is refused, with those that were tried', async (missing, fields) => {
  const node = '24.6.0';
  await expect(loadPlatformatic('orders', () => Promise.resolve(another(fields)), node)).rejects.toMatchObject({
    code: 'MULTI_BROKER_CLIENT_UNTRIED',
    message: expect.stringContaining(`@platformatic/kafka 3.0.0, which lacks ${missing}: it was tried on 2.12`),
  });
});
