import { loadPeer } from '../../../driver/index.js';
import { errorOf } from '../../../errors/index.js';
import { requireInside } from './inside.js';
import type { Platformatic } from '../../platformatic/options.js';

export const PACKAGE = '@platformatic/kafka';
/** The package has functions of this Node; on an older one it is installed and loaded, and fails at its first request. */
const NODE = [22, 22] as const;

/** Loads the optional peer. Rejects with MULTI_BROKER_CLIENT_MISSING where it is not installed, or Node is too old for it, and with MULTI_BROKER_CLIENT_UNTRIED. */
export async function loadPlatformatic(
  broker: string,
  load: () => Promise<Platformatic> = () => import('@platformatic/kafka'),
  node: string = process.versions.node,
): Promise<Platformatic> {
  if (!isNewEnough(node)) {
    const params = { broker, package: PACKAGE, needed: NODE.join('.'), node };
    throw errorOf('MULTI_BROKER_CLIENT_MISSING.node', params);
  }
  const platformatic = await loadPeer(PACKAGE, broker, load);
  requireInside(platformatic, broker);
  return platformatic;
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > NODE[0] || (major === NODE[0] && minor >= NODE[1]);
}
