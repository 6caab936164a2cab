export type { AsyncBrokers, BrokerDefinitionsFactory } from './brokers-factory.js';
export type { AsyncBrokerDefinition, BrokerDefinitionOrFactory } from './definition-entry.js';
export { MultiBrokerModule } from './multi-broker.module.js';
