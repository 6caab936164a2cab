import { kafkaBroker } from 'nestjs-multi-broker/kafka';

/** `BROKERS=real` uses two clusters; without it every broker is its in-memory twin. */
export const inMemory = process.env['BROKERS'] !== 'real';

const addresses = (variable: string, otherwise: string): string[] => (process.env[variable] ?? otherwise).split(',');

export const west = kafkaBroker({
  name: 'west',
  groupId: 'mirror',
  client: { brokers: addresses('KAFKA_BROKERS', 'localhost:9092') },
});

export const east = kafkaBroker({
  name: 'east',
  groupId: 'mirror',
  client: { brokers: addresses('KAFKA_BROKERS_2', 'localhost:9192') },
});
