import type { BrokerDefinition } from '../driver/index.js';
import { errorOf, type MultiBrokerError, nearestName, phrase } from '../errors/index.js';
import type { BrokerHost } from './runtime.js';
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

  /** The broker of this name, or without a name the first one. */
  default(name: string | undefined): ManagedBroker {
    if (name !== undefined) return this.get(name);
    const [first] = this.known.values();
    if (first === undefined) throw errorOf('MULTI_BROKER_NO_BROKER.noDefault', {});
    return first;
  }

  /** @throws MultiBrokerError MULTI_BROKER_DUPLICATE_BROKER */
  add(definition: BrokerDefinition): ManagedBroker {
    const { name } = definition;
    if (this.known.has(name)) throw errorOf('MULTI_BROKER_DUPLICATE_BROKER', { broker: name });
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

  /** The error for a name that no broker has. */
  unknown(name: string): MultiBrokerError {
    return errorOf('MULTI_BROKER_UNKNOWN_BROKER.asked', { broker: name, hint: this.hintFor(name) });
  }

  /** The error for such a name that a class injects. */
  notInjected(name: string, by: string): MultiBrokerError {
    return errorOf('MULTI_BROKER_UNKNOWN_BROKER.injected', { by, broker: name, hint: this.hintFor(name) });
  }

  private hintFor(name: string): string {
    const names = [...this.known.keys()];
    const near = nearestName(name, names);
    if (near !== undefined) return phrase('didYouMeanQuoted', { near });
    return phrase('known', { known: names.map((one) => `'${one}'`).join(', ') || 'none' });
  }
}
