import { compose } from './paths.mjs';
import { ask, runTool } from './process.mjs';

/** Why Docker cannot be used; undefined if it can. The client alone, without an engine, is common. */
export function dockerLacks() {
  if (ask('docker', ['info']) === undefined) return 'no Docker engine answers';
  if (ask('docker', ['compose', 'version']) === undefined) return 'docker has no compose plugin';
  return undefined;
}

export const startService = (service) => runTool('docker', ['compose', '-f', compose, 'up', '-d', service]);

/** Naming a service reaches it although its profile is off. */
export const stopService = (service) =>
  runTool('docker', ['compose', '-f', compose, 'rm', '--force', '--stop', '--volumes', service]);
