import { type Binding, handlersOf } from '../delivery/index.js';
import { Backoff, type Clock, LazyAbortController, sleep } from '../async/index.js';
import type { Logger } from '../driver/index.js';
import { asError } from '../errors/index.js';
import { allArrivals, type Arrival, arrivalOf, OptionalBrokerWait } from './optional-brokers.js';
import type { ManagedBroker } from './managed-broker.js';
import { readNow } from './source-start.js';
import { stopped } from './on-demand.js';

/** First delay before a source that could not start is retried, in milliseconds; it doubles each time. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;
/** Longest list in a health report, which is read by people. */
const MOST_ISSUES = 20;

/** A source that is not read because a broker that it publishes to is not up. */
export interface HeldSource {
  readonly binding: Binding;
  /** Names of those brokers. */
  readonly missing: readonly string[];
}

/** A source that is being subscribed, with retries. */
interface Attempt {
  /** Message of the last failure. */
  error?: string;
}

/**
 * Bindings that are not read yet because their broker, or one that they publish to, is not up. A source is not read
 * before its messages can be published: bridges that do so lose messages while a target is late. Each source is
 * subscribed separately, so that one that cannot start does not keep the others from being read.
 */
export class PendingBindings {
  private readonly waiting = new Set<Binding>();
  /** Bindings that are retried until they are read. */
  private readonly trying = new Map<Binding, Attempt>();
  /** Brokers whose explicit subscriptions are retried. */
  private restoring = new Set<ManagedBroker>();
  private closing = new LazyAbortController();

  constructor(
    private readonly brokers: ReadonlyMap<string, ManagedBroker>,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** Opens it for a start. */
  open(): void {
    this.closing = new LazyAbortController();
    this.restoring = new Set();
  }

  /** Returns the bindings that can be read now, and keeps the others. */
  admit(bindings: readonly Binding[]): readonly Binding[] {
    for (const binding of bindings) this.waiting.add(binding);
    return this.takeReady();
  }

  /**
   * Called when a broker has come up: subscribes the bindings that waited for it, in the background and with retries.
   * As in a start, explicit subscriptions come first.
   */
  startReady(): void {
    const toRestore = [...this.brokers.values()].filter(
      ({ dynamicSubscriptions: { hasStopped }, connection: { driver } }) => {
        return hasStopped && driver !== undefined;
      },
    );
    if (toRestore.length === 0) void this.keepTrying(this.takeReady());
    else void this.startAfter(toRestore);
  }

  /** Subscribes the bindings that can be read now, without retries; keeps the others. @throws BrokerStartError */
  async start(bindings: readonly Binding[]): Promise<void> {
    const ready = bindings.filter((binding) => this.isReady(binding));
    await readNow([...this.brokers.values()], ready, this.closing.signal);
    for (const binding of bindings) if (!ready.includes(binding)) this.waiting.add(binding);
    // The brokers that the others wait for may have come up meanwhile.
    this.startReady();
  }

  /**
   * Retries each binding until it is read or `close()` is called, non-durable sources first. Never rejects. Calls
   * `tried` once each was tried once.
   */
  async keepTrying(bindings: readonly Binding[], tried = (): void => undefined): Promise<void> {
    if (bindings.length === 0) return;
    // All at once, so that health and a stop also see the bindings whose turn comes later.
    for (const binding of bindings) this.trying.set(binding, {});
    const { signal } = this.closing;
    const first = this.subscribe(bindings.filter(({ source }) => !source.durable));
    await this.onceTried(first);
    const then = this.subscribe(signal.aborted ? [] : bindings.filter(({ source }) => source.durable));
    void then.tried.then(tried);
    await Promise.all([first.all, then.all]);
  }

  /** Retries the explicit subscriptions of a connected broker. */
  async restoreDynamicSubscriptions(broker: ManagedBroker, tried = (): void => undefined): Promise<void> {
    const { restoring } = this;
    const { signal } = this.closing;
    if (restoring.has(broker)) return;
    restoring.add(broker);
    await this.untilDone(() => this.tryRestore(broker, signal), tried);
    restoring.delete(broker);
  }

  /** Handlers with a source that is not read yet. */
  handlers(): readonly string[] {
    return [...new Set([...this.waiting, ...this.trying.keys()].flatMap(handlersOf).map(({ handler }) => handler))];
  }

  /** Sources of a broker that are not read because a broker that they publish to is not up. */
  heldOf(broker: string): readonly HeldSource[] {
    return [...this.waiting].flatMap((binding) => {
      const missing = this.missing(binding).filter((name) => name !== broker);
      return binding.broker === broker && missing.length > 0 ? [{ binding, missing }] : [];
    });
  }

  /** Health reasons of a broker: which of its sources are not read yet and why, one sentence each. */
  issuesOf(broker: string): readonly string[] {
    const held = this.heldOf(broker).flatMap((source) => notRead(source.binding, whyHeld(source)));
    const tried = [...this.trying].flatMap(([binding, { error }]) => {
      return binding.broker === broker ? notRead(binding, error ?? 'it is being subscribed') : [];
    });
    const all = [...held, ...tried];
    const left = all.length - MOST_ISSUES;
    return left <= 0 ? all : [...all.slice(0, MOST_ISSUES), `… and ${String(left)} more sources do not read yet`];
  }

  /** Aborts all retries; no source is subscribed after this. */
  close(): void {
    this.closing.abort(stopped);
    this.waiting.clear();
    this.trying.clear();
  }

  private async startAfter(toRestore: readonly ManagedBroker[]): Promise<void> {
    const { signal } = this.closing;
    await this.onceTried(
      allArrivals(toRestore.map((broker) => arrivalOf((once) => this.restoreDynamicSubscriptions(broker, once)))),
    );
    if (!signal.aborted) await this.keepTrying(this.takeReady());
  }

  /** Waits for the first try, but no longer than a start may take, lest a driver that hangs block the rest. */
  private onceTried({ tried }: Arrival): Promise<void> {
    return new OptionalBrokerWait(this.clock, this.closing.signal, false).waitFor({ all: tried, tried });
  }

  private subscribe(bindings: readonly Binding[]): Arrival {
    return allArrivals(
      bindings.map((binding) => arrivalOf((once) => this.untilDone(() => this.tryOnce(binding), once))),
    );
  }

  /** Retries with exponential backoff until it is done or `close()` is called. */
  private async untilDone(isDone: () => Promise<boolean>, tried: () => void): Promise<void> {
    const { signal } = this.closing;
    const backoff = new Backoff(FIRST_WAIT_MS, LONGEST_WAIT_MS);
    while (!signal.aborted) {
      const done = await isDone();
      tried();
      if (done) return;
      await sleep(this.clock, backoff.next(), signal);
    }
  }

  /** Restores explicit subscriptions; true if all of them are read. */
  private async tryRestore(broker: ManagedBroker, signal: AbortSignal): Promise<boolean> {
    if (!broker.dynamicSubscriptions.hasStopped) return true;
    const before = broker.dynamicSubscriptions.issues();
    try {
      await broker.restoreDynamicSubscriptions(signal);
    } catch {
      if (signal.aborted) return true;
      for (const issue of broker.dynamicSubscriptions.issues())
        if (!before.includes(issue)) this.warn(broker.name, issue);
    }
    return !broker.dynamicSubscriptions.hasStopped;
  }

  private takeReady(): Binding[] {
    const ready = [...this.waiting].filter((binding) => this.isReady(binding));
    for (const binding of ready) this.waiting.delete(binding);
    return ready;
  }

  private isReady({ broker, targets }: Binding): boolean {
    return this.isUp(broker) && targets.every((name) => this.isUp(name));
  }

  /** Names of the brokers that the binding needs and that are not up. */
  private missing({ broker, targets }: Binding): string[] {
    const needed = new Set([broker, ...targets]);
    return [...needed].filter((name) => !this.isUp(name));
  }

  private isUp(name: string): boolean {
    return this.brokers.get(name)?.connection.driver !== undefined;
  }

  /** True if the source is read, or if it must not be retried. */
  private async tryOnce(binding: Binding): Promise<boolean> {
    const { signal } = this.closing;
    const attempt = this.trying.get(binding);
    if (attempt === undefined) return true;
    try {
      await this.brokers.get(binding.broker)?.read([binding], signal);
    } catch (thrown) {
      if (signal.aborted) return true;
      const { message } = asError(thrown);
      if (message !== attempt.error) for (const issue of notRead(binding, message)) this.warn(binding.broker, issue);
      attempt.error = message;
      return false;
    }
    if (this.trying.get(binding) === attempt) this.trying.delete(binding);
    if (attempt.error === undefined) return true;
    for (const { broker, handler, source } of handlersOf(binding))
      this.log.info(`Broker '${broker}': ${handler} now reads ${source.name}`);
    return true;
  }

  private warn(broker: string, issue: string): void {
    this.log.warn(`Could not subscribe on broker '${broker}', retrying: ${issue}`);
  }
}

export function whyHeld({ missing }: HeldSource): string {
  return missing.map((name) => `broker '${name}', which it publishes to, is not up`).join(', ');
}

/** A sentence for each handler of the source. */
function notRead(binding: Binding, why: string): string[] {
  return handlersOf(binding).map(({ handler, source }) => `${handler} does not read ${source.name} yet: ${why}`);
}
