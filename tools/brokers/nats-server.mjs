import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { natsCommand } from './nats-install.mjs';
import { host } from './paths.mjs';
import { spawnServer } from './process.mjs';

/** @param server { folder, port, jetstream, storeDir?, extra? } `extra` is configuration text as nats-server reads it. */
export function prepareNatsServer({ folder, port, jetstream, storeDir = join(folder, 'jetstream'), extra = '' }) {
  mkdirSync(folder, { recursive: true });
  const lines = [`listen: "${host}:${port}"`];
  if (jetstream) lines.push(`jetstream { store_dir: "${storeDir}", max_mem: 2G, max_file: 10G }`);
  writeFileSync(join(folder, 'nats.conf'), [...lines, extra, ''].join('\n'));
}

export async function startNatsServer({ folder }, started) {
  return spawnServer(await natsCommand(), ['-c', join(folder, 'nats.conf')], natsLog(folder), started);
}

export const natsLog = (folder) => join(folder, 'nats.log');
