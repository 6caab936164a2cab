import type { Binding, Route } from '../delivery/index.js';
import { type Clock, LazyAbortController, type Log, sleep } from '../driver/index.js';
import { asError } from '../errors/index.js';
import { allOf, type Coming, comingBy, Grace } from './grace.js';
import type { ManagedBroker } from './managed-broker.js';
import { readNow } from './start-phases.js';
import { stopped } from './stopped.js';

/** How long a source that could not begin waits before it is tried again, in milliseconds: twice as long each time. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;
/** No list in health is longer: it is read by people. */
const MOST_ISSUES = 20;

/** A source that holds. */
export interface HeldSource {
  readonly binding: Binding;
  /** Names of the brokers that it publishes to and that are not up. */
  readonly missing: readonly string[];
}

/** A source on its way to be read. */
interface Attempt {
  /** Of the last try. */
  error?: string;
}

/**
 * Bindings whose source holds: their broker, or one that they publish to, is not up yet. Reading what cannot be
 * passed on is how peers lose messages while a target is late. Each source is subscribed by itself: one that cannot
 * begin keeps no other from reading.
 */
export class WaitingRoom {
  private readonly waiting = new Set<Binding>();
  /** Those that are tried until they read. */
  private readonly trying = new Map<Binding, Attempt>();
  /** Brokers of which something that was subscribed by hand is. */
  private tryingByHand = new Set<ManagedBroker>();
  private closing = new LazyAbortController();

  constructor(
    private readonly brokers: ReadonlyMap<string, ManagedBroker>,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** For a start. */
  open(): void {
    this.closing = new LazyAbortController();
    this.tryingByHand = new Set();
  }

  /** Those that may begin now; the others are kept. */
  admit(bindings: readonly Binding[]): readonly Binding[] {
    for (const binding of bindings) this.waiting.add(binding);
    return this.takeReady();
  }

  /**
   * A broker has come up: begins what waited for it, in the background, until it reads. As at a start, what was
   * subscribed by hand comes first.
   */
  look(): void {
    const byHand = [...this.brokers.values()].filter(({ byHand: { waits }, connection: { driver } }) => {
      return waits && driver !== undefined;
    });
    if (byHand.length === 0) void this.keepTrying(this.takeReady());
    else void this.beginAfter(byHand);
  }

  /** Begins those that may begin now, once; the others are kept. @throws BrokerStartError */
  async begin(bindings: readonly Binding[]): Promise<void> {
    const ready = bindings.filter((binding) => this.isReady(binding));
    await readNow([...this.brokers.values()], ready, this.closing.signal);
    for (const binding of bindings) if (!ready.includes(binding)) this.waiting.add(binding);
    // What they wait for may have come up meanwhile.
    this.look();
  }

  /**
   * Tries each of them until it reads, or the room is closed; what keeps nothing while nobody reads comes first. Never
   * rejects. `tried` is called when each was tried once.
   */
  async keepTrying(bindings: readonly Binding[], tried = (): void => undefined): Promise<void> {
    if (bindings.length === 0) return;
    // From now on, so that health and a stop know of those, too, whose turn comes later.
    for (const binding of bindings) this.trying.set(binding, {});
    const { signal } = this.closing;
    const first = this.comingOf(bindings.filter(({ source }) => !source.durable));
    await this.onceTried(first);
    const then = this.comingOf(signal.aborted ? [] : bindings.filter(({ source }) => source.durable));
    void then.tried.then(tried);
    await Promise.all([first.all, then.all]);
  }

  /** The same for what was subscribed by hand to a broker that is up. */
  async keepTryingByHand(broker: ManagedBroker, tried = (): void => undefined): Promise<void> {
    const { tryingByHand: trying } = this;
    const { signal } = this.closing;
    if (trying.has(broker)) return;
    trying.add(broker);
    await this.untilDone(() => this.tryByHand(broker, signal), tried);
    trying.delete(broker);
  }

  /** Handlers of which a source does not read yet. */
  handlers(): readonly string[] {
    return [...new Set([...this.waiting, ...this.trying.keys()].map(({ handler }) => handler))];
  }

  /** Sources of a broker that hold, as what they publish to is not up. */
  heldOf(broker: string): readonly HeldSource[] {
    return [...this.waiting].flatMap((binding) => {
      const missing = this.missing(binding).filter((name) => name !== broker);
      return binding.broker === broker && missing.length > 0 ? [{ binding, missing }] : [];
    });
  }

  /** For the health of a broker: which of its sources do not read yet, and why, a sentence each. */
  issuesOf(broker: string): readonly string[] {
    const held = this.heldOf(broker).map((source) => notRead(source.binding, whyHeld(source)));
    const tried = [...this.trying].flatMap(([binding, { error }]) => {
      return binding.broker === broker ? [notRead(binding, error ?? 'it is being subscribed')] : [];
    });
    const all = [...held, ...tried];
    const left = all.length - MOST_ISSUES;
    return left <= 0 ? all : [...all.slice(0, MOST_ISSUES), `… and ${String(left)} more sources do not read yet`];
  }

  /** Nothing begins any more. */
  close(): void {
    this.closing.abort(stopped);
    this.waiting.clear();
    this.trying.clear();
  }

  private async beginAfter(byHand: readonly ManagedBroker[]): Promise<void> {
    const { signal } = this.closing;
    await this.onceTried(allOf(byHand.map((broker) => comingBy((once) => this.keepTryingByHand(broker, once)))));
    if (!signal.aborted) await this.keepTrying(this.takeReady());
  }

  /** A driver that hangs keeps what comes after it waiting for no longer than a start is. */
  private onceTried({ tried }: Coming): Promise<void> {
    return new Grace(this.clock, this.closing.signal, false).waitFor({ all: tried, tried });
  }

  private comingOf(bindings: readonly Binding[]): Coming {
    return allOf(bindings.map((binding) => comingBy((once) => this.untilDone(() => this.tryOnce(binding), once))));
  }

  /** Tries until it is done, or the room is closed, with waits that grow. */
  private async untilDone(isDone: () => Promise<boolean>, tried: () => void): Promise<void> {
    const { signal } = this.closing;
    for (let waitMs = FIRST_WAIT_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      const done = await isDone();
      tried();
      if (done) return;
      await sleep(this.clock, waitMs, signal);
    }
  }

  /** Whether all of them read. */
  private async tryByHand(broker: ManagedBroker, signal: AbortSignal): Promise<boolean> {
    if (!broker.byHand.waits) return true;
    const before = broker.byHand.issues();
    try {
      await broker.readByHandAgain(signal);
    } catch {
      if (signal.aborted) return true;
      for (const issue of broker.byHand.issues()) if (!before.includes(issue)) this.warn(broker.name, issue);
    }
    return !broker.byHand.waits;
  }

  private takeReady(): Binding[] {
    const ready = [...this.waiting].filter((binding) => this.isReady(binding));
    for (const binding of ready) this.waiting.delete(binding);
    return ready;
  }

  private isReady(binding: Binding): boolean {
    return this.missing(binding).length === 0;
  }

  /** Brokers that it needs and that are not there yet. */
  private missing({ broker, routes }: Binding): string[] {
    const needed = new Set([broker, ...routes.filter(isNeeded).map((route) => route.broker)]);
    return [...needed].filter((name) => this.brokers.get(name)?.connection.driver === undefined);
  }

  /** Whether it reads; true also when it is not to be tried any more. */
  private async tryOnce(binding: Binding): Promise<boolean> {
    const { signal } = this.closing;
    const attempt = this.trying.get(binding);
    if (attempt === undefined) return true;
    try {
      await this.brokers.get(binding.broker)?.read([binding], signal);
    } catch (thrown) {
      if (signal.aborted) return true;
      const { message } = asError(thrown);
      if (message !== attempt.error) this.warn(binding.broker, notRead(binding, message));
      attempt.error = message;
      return false;
    }
    if (this.trying.get(binding) === attempt) this.trying.delete(binding);
    if (attempt.error !== undefined)
      this.log.info(`Broker '${binding.broker}': ${binding.handler} reads ${binding.source.name} now`);
    return true;
  }

  private warn(broker: string, issue: string): void {
    this.log.warn(`Broker '${broker}' keeps trying: ${issue}`);
  }
}

export function whyHeld({ missing }: HeldSource): string {
  return missing.map((name) => `broker '${name}', which it publishes to, is not up`).join(', ');
}

/** What may be lost holds nothing. */
function isNeeded({ bestEffort }: Route): boolean {
  return bestEffort !== true;
}

function notRead({ handler, source }: Binding, why: string): string {
  return `${handler} does not read ${source.name} yet: ${why}`;
}
