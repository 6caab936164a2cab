import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { baseOf } from '../../bench/guard/base.mjs';
import { verdictOf } from '../../bench/guard/verdict.mjs';

describe('the verdict on the processor time of a message', () => {
  it('is "slower" where all pairs but one say more than 10 %', () => {
    expect(verdictOf([1.2, 1.3, 1.25, 1.12, 0.9, 1.4, 1.22]).verdict).toBe('slower');
  });

  it('is "held" where all pairs but one say less', () => {
    expect(verdictOf([1.0, 0.97, 1.09, 1.04, 1.6]).verdict).toBe('held');
  });

  it('is "not proven" where the pairs lie on both sides of 10 %', () => {
    expect(verdictOf([0.9, 1.3, 1.2, 1.0, 1.15, 1.12, 0.95])).toMatchObject({ verdict: 'not proven', median: 1.12 });
  });

  it('is "not proven" by fewer than five pairs, whatever they say', () => {
    expect(verdictOf([2, 2, 2, 2]).verdict).toBe('not proven');
  });
});

describe('the commit that HEAD is compared with', () => {
  let folder = '';
  let date = new Date().toISOString();
  const git = (...args: string[]): string => {
    const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false'];
    const env = { ...process.env, GIT_COMMITTER_DATE: date };
    const { status, stdout, stderr } = spawnSync('git', [...identity, ...args], { cwd: folder, encoding: 'utf8', env });
    if (status !== 0) throw new Error(stderr);
    return stdout.trim();
  };
  const commit = (message: string, at = new Date()): string => {
    date = at.toISOString();
    git('commit', '--quiet', '--allow-empty', '--no-verify', '-m', message);
    return git('rev-parse', 'HEAD');
  };

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'guard-'));
    git('init', '--quiet', '--initial-branch', 'main');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is none in a clone of one commit, then the parent, what a branch has in common with main, and the last release', () => {
    const first = commit('first');
    expect(baseOf(undefined, folder)).toBeUndefined();

    commit('second');
    expect(baseOf(undefined, folder)).toMatchObject({ commit: first, what: 'the parent' });

    const common = git('rev-parse', 'HEAD');
    git('switch', '--quiet', '--create', 'feature');
    commit('third');
    commit('fourth');
    expect(baseOf(undefined, folder)).toMatchObject({ commit: common });

    git('tag', 'v0.1.0', first);
    expect(baseOf(undefined, folder)).toMatchObject({ commit: first, what: 'the last release, v0.1.0' });
  });

  it('is the newest that is a day older, where a day of commits lands at once', () => {
    const hours = (ago: number): Date => new Date(Date.now() - ago * 3_600_000);
    git('switch', '--quiet', '--orphan', 'landed');
    commit('two days ago', hours(48));
    const before = commit('a day ago', hours(25));
    commit('in the morning', hours(5));
    commit('now', hours(0));
    git('branch', '--force', 'main', 'HEAD');
    git('tag', '--delete', 'v0.1.0');
    expect(baseOf(undefined, folder)).toMatchObject({ commit: before, what: 'the day before' });
  });

  it('is the one that is asked for, and an error where there is no such', () => {
    const head = git('rev-parse', 'HEAD');
    expect(baseOf(head, folder)).toMatchObject({ commit: head });
    expect(() => baseOf('no-such-ref', folder)).toThrow('--base no-such-ref names no commit of this clone');
  });
});
