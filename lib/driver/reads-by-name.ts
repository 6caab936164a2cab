import type { Driver } from './driver.js';
import { JsonMessage } from './json-message.js';
import type { Outgoing } from './message.js';

/** For {@link Driver.readsByName}. */
export function publishOf(driver: Pick<Driver, 'publish'>): Driver['publish'] {
  return driver.publish;
}

/** The messages as this driver reads them. */
export function readableBy(driver: Driver, batch: readonly Outgoing[]): readonly Outgoing[] {
  const { readsByName } = driver;
  if (readsByName !== undefined && readsByName === driver.publish) return batch;
  return batch.map((message) => (message instanceof JsonMessage ? message.whole() : message));
}
