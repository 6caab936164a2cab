/** Servers cannot be had on this machine: a lack, not a fault of the servers. */
export class BrokersUnavailableError extends Error {
  name = 'BrokersUnavailableError';
}
