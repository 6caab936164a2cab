import type { Clock } from '../async/index.js';
import { type Binding, handlersOf } from '../delivery/index.js';
import type { BrokerCounts, HandlerClass, HandlerHandle, HandlerState } from '../driver/index.js';
import { errorOf, type MultiBrokerError, nearestName, phrase } from '../errors/index.js';
import type { HandlerRecord } from './handler-states.js';
import { lagOf } from './lag-readings.js';
import type { ManagedBroker } from './managed-broker.js';

/** The application as its handles see it. */
export interface HandledApplication {
  /** The bindings of all handlers, wired now if they are not yet. @throws WiringError */
  claims(): readonly Binding[];
  broker(name: string): ManagedBroker | undefined;
  readonly clock: Clock;
  /** Whether it is starting or started. */
  isBegun(): boolean;
}

/** One decorated handler, over all subscriptions of it. */
class ManagedHandle implements HandlerHandle {
  readonly handler: string;
  readonly broker: string;
  readonly source: string;

  constructor(
    readonly id: string,
    /** The newest one: a broker that is added before a start has all bindings made again. */
    public binding: Binding,
    private readonly application: HandledApplication,
  ) {
    this.handler = binding.handler;
    this.broker = binding.broker;
    this.source = binding.source.address;
  }

  get state(): HandlerState {
    if (!this.application.isBegun()) return 'stopped';
    if (this.record?.paused === true) return 'paused';
    const active = this.managed?.activeSources.of(this.binding);
    const isRead = this.managed?.connection.state === 'up' && active?.reads === true;
    return isRead && !active.isPaused(this.binding) ? 'running' : 'waiting';
  }

  get counts(): BrokerCounts {
    const { managed } = this;
    const counts = managed?.handlerStates.of(this.binding).counts ?? NO_COUNTS;
    return { ...counts, unsettled: managed?.activeSources.of(this.binding)?.takenOf(this.binding) ?? 0 };
  }

  async lag(): Promise<number | undefined> {
    const active = this.managed?.activeSources.of(this.binding);
    return active && lagOf(active, this.binding, this.application.clock);
  }

  pause(): void {
    this.setPaused(true);
  }

  resume(): void {
    this.setPaused(false);
  }

  private get managed(): ManagedBroker | undefined {
    return this.application.broker(this.broker);
  }

  private get record(): HandlerRecord | undefined {
    return this.managed?.handlerStates.of(this.binding);
  }

  private setPaused(paused: boolean): void {
    const { managed, record, binding } = this;
    if (record === undefined) return;
    record.paused = paused;
    const active = managed?.activeSources.of(binding);
    if (paused) active?.pause([binding]);
    else active?.resume([binding]);
  }
}

const NO_COUNTS = {
  running: 0,
  handled: 0,
  failed: 0,
  rejected: 0,
  deadLettered: 0,
  dropped: 0,
  unpublished: 0,
  unmatched: 0,
};

/** The handles of all decorated handlers, each made once. */
export class HandlerHandles {
  private readonly known: ManagedHandle[] = [];

  constructor(private readonly application: HandledApplication) {}

  /** @throws WiringError */
  all(): readonly HandlerHandle[] {
    return this.handles();
  }

  /** @throws MultiBrokerError MULTI_BROKER_UNKNOWN_HANDLER, MULTI_BROKER_AMBIGUOUS_HANDLER */
  of(type: HandlerClass, method: string, broker?: string): HandlerHandle {
    const all = this.handles();
    const methods = ofMethod(all, type, method);
    const found = broker === undefined ? methods : methods.filter((handle) => handle.broker === broker);
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    if (found.length > 1) throw ambiguous(`${type.name}.${method}`, found);
    throw methods.length > 0
      ? notOnBroker(`${type.name}.${method}`, String(broker), methods)
      : unknown(`${type.name}.${method}`, all);
  }

  /** The id of the handle of a binding of {@link HandledApplication.claims}. */
  idOf(binding: Binding): string {
    return this.handleOf(binding).id;
  }

  private handles(): ManagedHandle[] {
    const claims = this.application
      .claims()
      .flatMap(handlersOf)
      .filter(({ method }) => method !== undefined);
    return claims.map((binding) => this.handleOf(binding));
  }

  private handleOf(binding: Binding): ManagedHandle {
    const known = this.known.find((handle) => isSame(handle.binding, binding));
    if (known !== undefined) {
      known.binding = binding;
      return known;
    }
    const handle = new ManagedHandle(this.newId(binding), binding, this.application);
    this.known.push(handle);
    return handle;
  }

  /** Numbered where another group, queue or durable of the same address has the id. */
  private newId({ handler, broker, source }: Binding): string {
    const id = `${handler}@${broker}/${source.address}`;
    const others = this.known.filter((one) => one.id === id || one.id.startsWith(`${id}#`)).length;
    return others === 0 ? id : `${id}#${String(others + 1)}`;
  }
}

function isSame(one: Binding, other: Binding): boolean {
  const sameMethod = one.method?.type === other.method?.type && one.method?.name === other.method?.name;
  return sameMethod && one.broker === other.broker && one.source.name === other.source.name;
}

/** The handlers of a method of this class, or else those of the classes that inherit it. */
function ofMethod(all: readonly ManagedHandle[], type: HandlerClass, method: string): ManagedHandle[] {
  const named = all.filter(({ binding }) => binding.method?.name === method);
  const own = named.filter(({ binding }) => binding.method?.type === type);
  return own.length > 0 ? own : named.filter(({ binding }) => isHeir(binding.method?.type, type));
}

function isHeir(heir: unknown, type: HandlerClass): boolean {
  return typeof heir === 'function' && heir.prototype instanceof type;
}

function unknown(name: string, all: readonly HandlerHandle[]): MultiBrokerError {
  const known = [...new Set(all.map(({ handler }) => handler))];
  const near = nearestName(name, known);
  const hint =
    near === undefined ? phrase('known', { known: known.join(', ') || 'none' }) : phrase('didYouMean', { near });
  return errorOf('MULTI_BROKER_UNKNOWN_HANDLER.handle', { handler: name, hint });
}

function notOnBroker(name: string, broker: string, found: readonly HandlerHandle[]): MultiBrokerError {
  const brokers = [...new Set(found.map((handle) => handle.broker))];
  const near = nearestName(broker, brokers);
  const hint =
    near === undefined
      ? phrase('itReads', { brokers: brokers.map((one) => `'${one}'`).join(', ') })
      : phrase('didYouMeanQuoted', { near });
  return errorOf('MULTI_BROKER_UNKNOWN_HANDLER.otherBroker', { handler: name, broker, hint });
}

function ambiguous(name: string, found: readonly HandlerHandle[]): MultiBrokerError {
  const handlers = found.map(({ id }) => id).join(', ');
  return errorOf('MULTI_BROKER_AMBIGUOUS_HANDLER', { handler: name, count: found.length, handlers });
}
