import type { JetStreamOptions } from './driver/connection/jetstream-port.js';

/** Begins the subjects of JetStream's API, without the last dot. */
export function apiPrefixOf({ domain, apiPrefix = '$JS.API' }: JetStreamOptions = {}): string {
  return domain === undefined ? apiPrefix.replace(/\.$/, '') : `$JS.${domain}.API`;
}
