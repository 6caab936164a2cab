import { spawnSync } from 'node:child_process';
import { expect, it } from '@jest/globals';

const reporter = new URL('../../tools/ci/count-reporter.mjs', import.meta.url).href;

/** The end of a process whose run of tests is over, and in which somebody else listens for that, too. */
function endOf(success: boolean): { status: number | null; stdout: string } {
  const script = `
    import Reporter from ${JSON.stringify(reporter)};
    new Reporter().onRunComplete([], { success: ${String(success)}, testResults: [] });
    process.on('exit', () => console.log('taken down'));
    setTimeout(() => console.log('done'), 10);`;
  const env = { ...process.env, TEST_COUNTS_DIR: '' };
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { env });
  return { status, stdout: stdout.toString() };
}

it.each([
  [true, 0],
  [false, 1],
])(
  'a run whose success is %s ends with code %i once nothing is left to do, and takes nothing down',
  (success, status) => {
    expect(endOf(success)).toEqual({ status, stdout: 'done\n' });
  },
);
