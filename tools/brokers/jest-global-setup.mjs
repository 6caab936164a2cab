import { ensureBrokers } from './ensure-brokers.mjs';
import { BrokersUnavailableError } from './unavailable.mjs';

/**
 * Brings the servers up and leaves them up for the next run; `npm run brokers:down` ends them.
 * Where they cannot be had, tests that need them are skipped, unless REQUIRE_BROKERS=1.
 */
export default async function setup() {
  delete process.env.BROKERS_UNAVAILABLE;
  const names = process.env.BROKERS_SECOND === '1' ? ['kafka', 'nats', 'kafka2'] : ['kafka', 'nats'];
  try {
    Object.assign(process.env, await ensureBrokers(names, (line) => console.error(line)));
  } catch (error) {
    if (process.env.REQUIRE_BROKERS === '1' || !(error instanceof BrokersUnavailableError)) throw error;
    process.env.BROKERS_UNAVAILABLE = error.message;
    console.error(`Tests on real brokers are skipped: ${error.message}`);
  }
}
