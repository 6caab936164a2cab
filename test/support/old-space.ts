import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** A full collection, after which what is still there is old. */
export const collect = runInNewContext('gc') as () => void;

/** What V8 keeps until the next full collection, in megabytes. */
export const oldMegabytes = (): number =>
  getHeapSpaceStatistics().find((space) => space.space_name === 'old_space')!.space_used_size / 1e6;
