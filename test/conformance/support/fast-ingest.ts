import type { ConformanceTarget, Driver, Outgoing } from '../../../lib/driver/public.js';
import { JsonMessage } from '../../../lib/driver/index.js';
import type { NatsLibrary } from '../../../lib/nats/index.js';
import { natsSetting, realNats } from './real-setting.js';
import { streamTarget } from './targets.js';

/** The driver sends so many results and more as a batch. */
const LEAST = 16;
const options = { allowBatched: true };
let made = 0;

/** JetStream on streams with fast ingest. Only results of handlers go there as batches, so bare texts are made such. */
export function fastIngestTarget(library: NatsLibrary): ConformanceTarget {
  const setting = natsSetting('jetstream', library, options);
  const target = streamTarget(realNats(library), { ...setting, name: 'real, allowBatched' }, options);
  const { makeDriver, makeDoomedDriver, makeUnsteady } = target;
  return {
    ...target,
    makeDriver: async () => publishingResults(await makeDriver()),
    ...(makeDoomedDriver && {
      makeDoomedDriver: async () => {
        const doomed = await makeDoomedDriver();
        return { ...doomed, driver: publishingResults(doomed.driver) };
      },
    }),
    ...(makeUnsteady && {
      makeUnsteady: async () => {
        const unsteady = await makeUnsteady();
        return { ...unsteady, makeDriver: async () => publishingResults(await unsteady.makeDriver()) };
      },
    }),
  };
}

function publishingResults(driver: Driver): Driver {
  const publish: Driver['publish'] = (to, batch) =>
    driver.publish(to, batch.length >= LEAST && batch.every(isBare) ? batch.map(asResult) : batch);
  return new Proxy(driver, {
    get(target, name) {
      if (name === 'publish') return publish;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Nothing but a text, as no result is written that has a key or headers of its own. */
function isBare({ body, ...more }: Outgoing): boolean {
  return body !== null && Object.keys(more).length === 0;
}

function asResult({ body }: Outgoing): JsonMessage {
  const origin = { position: `conformance[0]@${String(made++)}` } as JsonMessage['origin'];
  return new JsonMessage(Buffer.from(body as Uint8Array).toString(), origin, '/results', '1', undefined);
}
