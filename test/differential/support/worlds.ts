import { jetstreamRealWorld, jetstreamTwinWorld } from './jetstream-world.js';
import { KafkaServer } from './kafka-server.js';
import { kafkaRealWorld, kafkaTwinWorld } from './kafka-world.js';
import { NatsServer } from './nats-server.js';
import { planOf } from './plan.js';
import { run, type Running } from './run.js';
import type { Scenario } from './scenario.js';
import type { Trace } from './trace.js';

const twinWorlds = { kafka: async () => kafkaTwinWorld(), jetstream: jetstreamTwinWorld };

/** The scenario on twins of their own. */
export async function onTwin(scenario: Scenario): Promise<Trace> {
  return traceOf(scenario, await twinWorlds[scenario.kind]());
}

/** The real servers of a run. Each scenario is run on them once: shrinking and planted faults come back to it. */
export class RealServers {
  readonly #traces = new Map<string, Promise<Trace>>();

  private constructor(
    private readonly kafka: KafkaServer,
    private readonly nats: NatsServer,
  ) {}

  static async connect(): Promise<RealServers> {
    return new RealServers(await KafkaServer.connect(), await NatsServer.connect());
  }

  on(scenario: Scenario): Promise<Trace> {
    const name = JSON.stringify(scenario);
    const known = this.#traces.get(name) ?? this.#run(scenario);
    this.#traces.set(name, known);
    return known;
  }

  async end(): Promise<void> {
    await Promise.all([this.kafka.end(), this.nats.end()]);
  }

  async #run(scenario: Scenario): Promise<Trace> {
    const make = { kafka: () => kafkaRealWorld(this.kafka), jetstream: () => jetstreamRealWorld(this.nats) };
    return traceOf(scenario, await make[scenario.kind]());
  }
}

async function traceOf(scenario: Scenario, world: Running): Promise<Trace> {
  try {
    return await run(scenario, planOf(scenario), world);
  } finally {
    await world.end();
  }
}
