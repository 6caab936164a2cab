import type { NatsLibrary } from 'nestjs-multi-broker/nats';

/** The client of NATS that is measured: `NATS_LIBRARY=@nats-io`, else `nats`. */
export const natsLibrary: NatsLibrary = process.env['NATS_LIBRARY'] === '@nats-io' ? '@nats-io' : 'nats';
