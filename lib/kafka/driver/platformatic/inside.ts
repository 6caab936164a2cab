import type { DriverContext } from '../../../driver/index.js';
import { errorOf } from '../../../errors/index.js';
import type { Platformatic } from '../../platformatic/options.js';

/** What reaches inside the client was tried on these: a test fails where another one is installed. */
export const TRIED = /^2\.12\./;
const TRIED_NAME = '2.12';
const PACKAGE = '@platformatic/kafka';

const METHODS = ['fetch', 'commit', 'consume', 'joinGroup', 'leaveGroup', 'metadata', 'clearMetadata', 'listOffsets'];
const CODECS = ['gzip', 'zstd', 'lz4', 'snappy'];

/** Throws MULTI_BROKER_CLIENT_UNTRIED where the client has no more what the broker uses and its interface does not promise. */
export function requireInside(platformatic: Platformatic, broker: string): void {
  const missing = missingOf(platformatic);
  if (missing.length === 0) return;
  const params = { broker, package: PACKAGE, version: versionOf(platformatic), tried: TRIED_NAME };
  throw errorOf('MULTI_BROKER_CLIENT_UNTRIED.inside', { ...params, missing: missing.join(', ') });
}

/** On a version that was not tried, and that has all of it. */
export function warnOfVersion(
  platformatic: Platformatic,
  { broker, log }: Pick<DriverContext, 'broker' | 'log'>,
): void {
  const version = versionOf(platformatic);
  if (TRIED.test(version)) return;
  const params = { broker, package: PACKAGE, version, tried: TRIED_NAME };
  log.warn(errorOf('MULTI_BROKER_CLIENT_UNTRIED.version', params).message);
}

const versionOf = ({ clientSoftwareVersion }: Platformatic): string => String(clientSoftwareVersion);

function missingOf(platformatic: Platformatic): readonly string[] {
  const { kGetApi, compressionsAlgorithms, ConnectionPool, Consumer, Producer, Admin } =
    platformatic as Partial<Platformatic>;
  const codecs = compressionsAlgorithms as Readonly<Record<string, { readonly decompressSync?: unknown }>> | undefined;
  const checks: [string, unknown][] = [
    ...[Consumer, Producer, Admin].map((part): [string, unknown] => [
      `${String(part?.name)}[kGetApi]`,
      at(part, kGetApi),
    ]),
    ...METHODS.map((name): [string, unknown] => [`Consumer.${name}`, at(Consumer, name)]),
    ...CODECS.map((name): [string, unknown] => [`compressionsAlgorithms.${name}`, codecs?.[name]?.decompressSync]),
    ['the connections of a ConnectionPool', at(ConnectionPool, Symbol.iterator)],
  ];
  return checks.filter(([, found]) => typeof found !== 'function').map(([name]) => name);
}

/** Of the prototype. */
const at = (part: { readonly prototype: object } | undefined, name: string | symbol = ''): unknown =>
  (part?.prototype as Record<string | symbol, unknown> | undefined)?.[name];
