import { rmSync } from 'node:fs';

import { stopService } from './docker.mjs';
import { locked } from './lock.mjs';
import { envFile } from './paths.mjs';
import { allRecords, stopRecord } from './records.mjs';

/** Ends what `up` started and nothing else. */
await locked(async () => {
  const records = allRecords();
  const results = await Promise.allSettled(records.map((record) => stopRecord(record, stopService)));
  results.forEach(({ status, reason }, index) => {
    const { name } = records[index];
    console.error(status === 'fulfilled' ? `${name}: down` : `${name}: ${reason.message}`);
    if (status === 'rejected') process.exitCode = 1;
  });
  if (records.length === 0) console.error('nothing was up');
  rmSync(envFile, { force: true });
});
