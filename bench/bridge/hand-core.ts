import { natsClient } from '../support/servers.js';
import { runBestLoop } from './hand-written.js';
import { task } from './task.js';

const connection = await natsClient();
const { target } = task();

await runBestLoop(async (chunk) => {
  for (const output of chunk) connection.publish(target, output);
  await connection.flush();
});
