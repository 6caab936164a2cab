import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';

const child = path.join(import.meta.dirname, 'child');

/** Runs a bridge of both kinds in a process in which loading a client is an error. */
function bridge(...args: readonly string[]) {
  const loader = path.join(child, 'register.mjs');
  return spawnSync(process.execPath, ['--import', loader, path.join(child, 'bridge.ts'), ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });
}

describe('a test on twins', () => {
  it('loads neither kafkajs nor nats', () => {
    const { status, stdout, stderr } = bridge();
    expect([status, stderr.includes('was loaded')]).toEqual([0, false]);
    expect(stdout).toContain('fromNats saw [["Hi!"]]');
  }, 60_000);

  it('would fail if it did', () => {
    const { status, stdout, stderr } = bridge('real');
    expect(status).not.toBe(0);
    expect(stdout + stderr).toMatch(/(kafkajs|nats) was loaded by/);
  }, 60_000);
});
