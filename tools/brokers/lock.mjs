import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { home } from './paths.mjs';
import { isOurs } from './process.mjs';

const file = join(home, 'lock');

/** Two test runs at once must not both start the servers: the second waits, and then finds them. */
export async function locked(action) {
  mkdirSync(home, { recursive: true });
  while (!take()) {
    if (!holderLives()) rmSync(file, { force: true });
    else await sleep(200);
  }
  try {
    return await action();
  } finally {
    rmSync(file, { force: true });
  }
}

function take() {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function holderLives() {
  try {
    const holder = Number(readFileSync(file, 'utf8'));
    // Empty for the moment between its making and its writing.
    return holder === 0 || isOurs(holder, 'node');
  } catch {
    return false;
  }
}
