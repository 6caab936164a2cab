import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

export const root = resolve(here, '../..');
export const pom = join(here, 'pom.xml');
export const compose = join(root, 'compose.yaml');

/** Everything that `up` leaves in the project; git-ignored. BROKERS_HOME moves it, to try a fresh one. */
export const home = resolve(process.env.BROKERS_HOME ?? join(root, '.brokers'));
export const cache = join(home, 'cache');
export const run = join(home, 'run');
export const envFile = join(home, 'env');

/** Far from the defaults, so that a developer's own servers are left alone. CONTRIBUTING.md documents both variables. */
const offset = Number(process.env.BROKERS_PORT_OFFSET ?? 0);

export const host = '127.0.0.1';
export const ports = {
  kafka: 29092 + offset,
  kafkaController: 29093 + offset,
  kafka2: 29192 + offset,
  kafka2Controller: 29193 + offset,
  nats: 24222 + offset,
};
