import { certificateLacks, kafkaLacks, natsLacks } from '../../../tools/brokers/index.mjs';

/** Why the shared servers cannot be had here, as found when the run began; undefined if they can. */
export const brokersUnavailable = (): string | undefined => process.env.BROKERS_UNAVAILABLE;

/** What a test of its own may need: a server, or a certificate for one. */
type Need = 'kafka' | 'nats' | 'certificate';

const lacks = { kafka: kafkaLacks, nats: natsLacks, certificate: certificateLacks };

/** Why a test cannot have servers of its own here (a machine with Docker only, say); undefined if it can. */
export function nativeUnavailable(...needs: Need[]): string | undefined {
  const reason = needs.map((need) => lacks[need]()).find((lack) => lack !== undefined);
  if (reason !== undefined && process.env.REQUIRE_BROKERS === '1') throw new Error(reason);
  return reason;
}

/** `whenBrokers(describe)('name', ...)` skips where the shared servers cannot be had. */
export const whenBrokers = <D extends { skip: unknown }>(describe: D): D | D['skip'] =>
  brokersUnavailable() === undefined ? describe : describe.skip;

/** `whenNative(describe, 'nats')('name', ...)` skips where a test cannot have a server of its own. */
export const whenNative = <D extends { skip: unknown }>(describe: D, ...needs: Need[]): D | D['skip'] =>
  nativeUnavailable(...needs) === undefined ? describe : describe.skip;
