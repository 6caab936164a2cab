import type { BrokerDefinition } from '../driver/index.js';
import { MultiBrokerError, nearestName } from '../errors/index.js';
import type { BrokerHost } from './broker-host.js';
import { ManagedBroker } from './managed-broker.js';

/** The brokers of one application, by name, in the order of definition. */
export class BrokerRegistry {
  readonly known = new Map<string, ManagedBroker>();

  constructor(private readonly host: BrokerHost) {}

  all(): ManagedBroker[] {
    return [...this.known.values()];
  }

  /** @throws MultiBrokerError MULTI_BROKER_UNKNOWN_BROKER with the nearest known name */
  get(name: string): ManagedBroker {
    const broker = this.known.get(name);
    if (broker === undefined) throw this.unknown(name);
    return broker;
  }

  /** The named one, else the first. */
  default(name: string | undefined): ManagedBroker {
    if (name !== undefined) return this.get(name);
    const [first] = this.known.values();
    if (first === undefined) throw new MultiBrokerError('MULTI_BROKER_NO_BROKER', 'No broker is defined');
    return first;
  }

  /** @throws MultiBrokerError MULTI_BROKER_DUPLICATE_BROKER */
  add(definition: BrokerDefinition): ManagedBroker {
    const { name } = definition;
    if (this.known.has(name)) {
      throw new MultiBrokerError('MULTI_BROKER_DUPLICATE_BROKER', `Two brokers are named '${name}'`, { broker: name });
    }
    const broker = new ManagedBroker(definition, this.host);
    this.known.set(name, broker);
    return broker;
  }

  remove({ name }: ManagedBroker): void {
    this.known.delete(name);
  }

  definitions(): ReadonlyMap<string, BrokerDefinition> {
    return new Map([...this.known].map(([name, { definition }]) => [name, definition]));
  }

  /** The error of a name that no broker has. */
  unknown(name: string): MultiBrokerError {
    return this.noSuch(name, `There is no broker '${name}'`);
  }

  /** The same of one that a class injects. */
  notInjected(name: string, by: string): MultiBrokerError {
    return this.noSuch(name, `${by} injects broker '${name}', and there is none`);
  }

  private noSuch(name: string, what: string): MultiBrokerError {
    const names = [...this.known.keys()];
    const near = nearestName(name, names);
    const known = names.map((one) => `'${one}'`).join(', ');
    const hint = near === undefined ? `known: ${known || 'none'}` : `did you mean '${near}'?`;
    return new MultiBrokerError('MULTI_BROKER_UNKNOWN_BROKER', `${what} (${hint})`, {
      broker: name,
    });
  }
}
