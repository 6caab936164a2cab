import { MultiBrokerError } from '../errors/index.js';

/** The package kafkajs, loaded. */
export type KafkaClient = typeof import('kafkajs');

type Importer = () => Promise<KafkaClient & { readonly default?: KafkaClient }>;

/** Loads the optional peer kafkajs. Rejects with MULTI_BROKER_CLIENT_MISSING where it is not installed. */
export async function loadClient(broker: string, load: Importer = () => import('kafkajs')): Promise<KafkaClient> {
  try {
    const module = await load();
    return module.default ?? module;
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    const what = `Broker '${broker}' needs the package 'kafkajs', which is not installed (npm install kafkajs)`;
    throw new MultiBrokerError('MULTI_BROKER_CLIENT_MISSING', what, { broker, cause });
  }
}

function isMissing(thrown: unknown): boolean {
  const code = (thrown as { code?: unknown } | null)?.code;
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}
