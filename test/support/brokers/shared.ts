import { ensureBrokers, readRecord } from '../../../tools/brokers/index.mjs';
import { brokersUnavailable } from './availability.js';

/** The servers that all tests share: use names of your own (`uniqueName`), and neither stop nor stall them. */
export function realBrokers(): { kafka: string[]; nats: string } {
  const kafka = process.env.KAFKA_BROKERS?.split(',') ?? started('kafka');
  const nats = process.env.NATS_URL ?? started('nats')?.[0];
  if (kafka === undefined || nats === undefined) {
    throw new Error(brokersUnavailable() ?? 'No brokers are up: npm run brokers:up');
  }
  return { kafka, nats };
}

/** A second, separate cluster, for one application on two; started at the first call and then shared too. */
export async function secondKafka(): Promise<string[]> {
  process.env.KAFKA_BROKERS_2 ??= (await ensureBrokers(['kafka2'])).KAFKA_BROKERS_2;
  return process.env.KAFKA_BROKERS_2!.split(',');
}

function started(name: 'kafka' | 'nats'): string[] | undefined {
  const record = readRecord(name);
  return record?.ready ? record.address : undefined;
}
