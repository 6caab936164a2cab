import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

/**
 * The commit that a change is compared with: the one that is asked for, else the last release (the last tag `v*` before HEAD),
 * else what HEAD and the main branch have in common, else the newest commit that is a day older than HEAD, as many may land at
 * once, else the parent of HEAD. Uncommitted changes count as HEAD's.
 *
 * @returns {{ commit: string, what: string } | undefined} undefined: this clone has none of them
 */
export function baseOf(asked, cwd = process.cwd()) {
  const git = (...args) => gitIn(cwd, ...args);
  const commitOf = (ref) => git('rev-parse', '--verify', '--quiet', `${ref}^{commit}`);
  if (asked !== undefined) {
    const commit = commitOf(asked);
    if (commit === undefined) throw new Error(`--base ${asked} names no commit of this clone`);
    return { commit, what: asked };
  }
  const head = commitOf('HEAD');
  const tag = git('describe', '--tags', '--abbrev=0', '--match', 'v*', 'HEAD~1') ?? '';
  const candidates = [
    [tag, `the last release, ${tag}`],
    [
      git('merge-base', 'HEAD', 'origin/main') ?? git('merge-base', 'HEAD', 'main') ?? '',
      'what it has in common with main',
    ],
    [dayBefore(git) ?? '', 'the day before'],
    ['HEAD~1', 'the parent'],
  ];
  for (const [ref, what] of candidates) {
    const commit = ref === '' ? undefined : commitOf(ref);
    if (commit !== undefined && commit !== head) return { commit, what };
  }
  return undefined;
}

const DAY_SECONDS = 86_400;

function dayBefore(git) {
  const at = Number(git('log', '-1', '--format=%ct', 'HEAD'));
  const found = git('rev-list', '-1', '--first-parent', `--before=${at - DAY_SECONDS}`, 'HEAD');
  return found === '' ? undefined : found;
}

/** Checks a commit out into a folder of its own while `act` runs. */
export async function checkedOut(commit, folder, act) {
  const git = (...args) => gitIn(process.cwd(), ...args);
  rmSync(folder, { recursive: true, force: true });
  git('worktree', 'prune');
  if (git('worktree', 'add', '--detach', '--force', folder, commit) === undefined) {
    throw new Error(`git worktree add ${folder} ${commit} failed`);
  }
  try {
    return await act(folder);
  } finally {
    git('worktree', 'remove', '--force', folder);
  }
}

/** What it prints; undefined where it fails. */
function gitIn(cwd, ...args) {
  const { status, stdout } = spawnSync('git', args, { cwd, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
