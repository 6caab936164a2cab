import { phrase } from '../../../../errors/index.js';
import type { StreamSourceSpec } from '../../../source-spec.js';

/** Fast ingest came with nats-server 2.14. */
const [MAJOR, MINOR] = [2, 14];

/**
 * Why a server of this version cannot create the stream with `allowBatched`; undefined where it can, or does not tell its
 * version. 2.11 ignores the field and creates the stream without it, 2.12 refuses it as unknown.
 */
export function noFastIngest({ options }: StreamSourceSpec, version: string | undefined): string | undefined {
  if (options.allowBatched !== true) return undefined;
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  if (version === undefined || major === undefined) return undefined;
  if (Number(major) > MAJOR || (Number(major) === MAJOR && Number(minor) >= MINOR)) return undefined;
  return phrase('natsNoFastIngest', { version });
}
