import { compose, ports } from './paths.mjs';
import { ask, runTool } from './process.mjs';

/** Why Docker cannot be used; undefined if it can. The client alone, without an engine, is common. */
export function dockerLacks() {
  if (ask('docker', ['info']) === undefined) return 'no Docker engine answers';
  if (ask('docker', ['compose', 'version']) === undefined) return 'docker has no compose plugin';
  return undefined;
}

const { kafka: KAFKA_PORT, kafka2: KAFKA2_PORT, nats: NATS_PORT } = ports;

// With its profile, so that the second cluster can be named in every command.
const run = (...args) =>
  runTool('docker', ['compose', '-f', compose, '--profile', 'second', ...args], {
    env: { ...process.env, KAFKA_PORT, KAFKA2_PORT, NATS_PORT },
  });

export const startService = (service) => run('up', '-d', service);
export const stopService = (service) => run('rm', '--force', '--stop', '--volumes', service);
