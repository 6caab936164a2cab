import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Deadline } from '../async/index.js';
import { type BrokerDefinition, MultiBroker, type Topology } from '../driver/index.js';
import { asError, errorOf, isMultiBrokerError } from '../errors/index.js';
import { definitionOf } from '../lifecycle/index.js';
import { noServer } from './no-server.js';
import type { FoundModule } from './root-module.js';
import { shownError } from './shown-error.js';

/** An application of which every provider is created, and nothing is started. */
export interface LoadedApplication {
  /** Finds and checks all handlers. @throws WiringError */
  topology(): Topology;
  /** The broker's definition, in the order of definition. */
  definition(broker: string): BrokerDefinition;
}

/** How an application is created. */
export interface LoadOptions {
  /** Its own log, which is silent otherwise. */
  readonly verbose: boolean;
  readonly timeoutMs: number;
  /** Within `timeoutMs` from the load of the file. */
  readonly deadline: Deadline;
}

/**
 * Creates the application of a module: its providers and their factories run, its lifecycle hooks do not, and no broker is
 * started. It is never closed, as hooks of a closing application would meet one that was never initialized; the process
 * ends it. Rejects with MULTI_BROKER_CLI_MODULE.
 */
export async function loadApplication(found: FoundModule, options: LoadOptions): Promise<LoadedApplication> {
  const { name: module } = found;
  try {
    const application = await options.deadline.within(create(found, options));
    if (application === undefined) throw errorOf('MULTI_BROKER_CLI_MODULE.late', { module, ms: options.timeoutMs });
    return loaded(brokersOf(application, module));
  } catch (thrown) {
    if (isMultiBrokerError(thrown)) throw thrown;
    const cause = asError(thrown);
    throw errorOf('MULTI_BROKER_CLI_MODULE.notCreated', { module, reason: shownError(cause) }, { cause });
  }
}

function create({ module }: FoundModule, { verbose }: LoadOptions): Promise<INestApplicationContext> {
  return NestFactory.create(module, noServer(), { abortOnError: false, ...(verbose ? {} : { logger: false }) });
}

function brokersOf(application: INestApplicationContext, module: string): MultiBroker {
  try {
    return application.get(MultiBroker, { strict: false });
  } catch {
    throw errorOf('MULTI_BROKER_CLI_MODULE.noBrokers', { module });
  }
}

function loaded(brokers: MultiBroker): LoadedApplication {
  return { topology: () => brokers.topology(), definition: (name) => definitionOf(brokers.get(name)) };
}
