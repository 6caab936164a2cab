import { envLines, ensureBrokers } from './ensure-brokers.mjs';
import { BrokersUnavailableError } from './unavailable.mjs';

/** `--second` also starts the second Kafka cluster. Exits with 2 where servers cannot be had, with 1 where they failed. */
const names = process.argv.includes('--second') ? ['kafka', 'nats', 'kafka2'] : ['kafka', 'nats'];

try {
  const env = await ensureBrokers(names, (line) => console.error(line));
  process.stdout.write(envLines(env));
} catch (error) {
  console.error(`brokers:up failed: ${error.message}`);
  process.exitCode = error instanceof BrokersUnavailableError ? 2 : 1;
}
