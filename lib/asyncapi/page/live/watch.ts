import type { HandlerHandle } from '../../../driver/index.js';
import type { BrokerWaiting, LagReading, ManagedMultiBroker } from '../../../lifecycle/index.js';
import { withoutCredentials } from '../../../errors/index.js';
import { Calls, callsKey } from './calls.js';
import { problemsOf } from './problems.js';
import { Sends } from './sends.js';
import type { LiveBroker, LiveHandler, LiveSend, LiveSnapshot } from './snapshot.js';

/** What of the application's brokers is looked at. */
export type Watched = Pick<ManagedMultiBroker, 'handlers' | 'health' | 'lags' | 'observe' | 'page' | 'waiting'>;

type Counted = Readonly<Record<'handled' | 'failed', number>>;

/**
 * Looks at an application while somebody looks at the page. All is in process, except for the lags, of which a server is
 * asked once in 5 s however many look.
 */
export class Watch {
  private readonly calls: Calls;
  private readonly sends = new Sends();
  private readonly rates = new Map<string, Rates<Counted>>();
  private readonly sendRates = new Map<string, Rates<Readonly<Record<'sent' | 'failed', number>>>>();
  private readonly lags = new Map<string, LagReading>();
  private readonly stop: () => void;
  // Kept here, as channels hold it weakly.
  private readonly observers;

  constructor(private readonly brokers: Watched) {
    this.calls = new Calls(() => brokers.page.now());
    this.observers = { deliveries: this.calls, sends: this.sends, rebalanced: (): void => undefined };
    this.stop = brokers.observe(this.observers);
  }

  end(): void {
    this.stop();
  }

  snapshot(): LiveSnapshot {
    const at = this.brokers.page.now();
    const { status, brokers: all } = this.brokers.health();
    const brokers = all.map(({ name, kind, status, reasons, notes }): LiveBroker => {
      return { name, kind, status, reasons: reasons.map(withoutCredentials), notes };
    });
    const waiting = this.brokers.waiting();
    const handlers = this.brokers.handlers.map((handle) => this.handlerOf(handle, waiting, at));
    return { at, status, problems: problemsOf(brokers, handlers, at), brokers, handlers, sends: this.sendsOf(at) };
  }

  private handlerOf(handle: HandlerHandle, waiting: readonly BrokerWaiting[], at: number): LiveHandler {
    const { id, handler, broker, source, state, counts } = handle;
    const { handled, failed } = known(this.rates, id, () => new Rates<Counted>()).of(pick(counts), at);
    const { held, longest, ended, tookMs } = this.calls.take(callsKey(handle));
    const lag = this.lagOf(handle);
    return {
      ...{ id, handler, broker, source, state, counts, held: held.slice(0, 20), longest },
      handledPerSecond: rounded(handled),
      failedPerSecond: rounded(failed),
      callMs: ended === 0 ? undefined : rounded(tookMs / ended),
      lag: lag?.messages,
      lagError: lag?.error && withoutCredentials(lag.error.message),
      behind: behindOf(handle, waiting),
    };
  }

  /** The last answer; the next one is for a later look. */
  private lagOf(handle: HandlerHandle): LagReading | undefined {
    // A handler that is not read has no lag, and a server that is away would be asked in vain.
    if (handle.state === 'running' || handle.state === 'paused') {
      void this.brokers.lags.of(handle).then((reading) => this.lags.set(handle.id, reading));
    }
    return this.lags.get(handle.id);
  }

  private sendsOf(at: number): readonly LiveSend[] {
    return this.sends.all().map(({ broker, address, name, sent, failed }) => {
      const rates = known(this.sendRates, `${broker}\n${name ?? address}`, () => new Rates()).of({ sent, failed }, at);
      const [perSecond, failedPerSecond] = [rounded(rates.sent), rounded(rates.failed)];
      return { broker, address, name, perSecond, failedPerSecond, failed };
    });
  }
}

const pick = ({ handled, failed }: Counted): Counted => ({ handled, failed });
const rounded = (value: number): number => Math.round(value * 100) / 100;

function known<T>(all: Map<string, T>, key: string, make: () => T): T {
  const found = all.get(key) ?? make();
  all.set(key, found);
  return found;
}

/** Messages of its lanes that wait in this process. */
function behindOf({ broker, handler, source }: HandlerHandle, waiting: readonly BrokerWaiting[]): number {
  const lanes = waiting.find((one) => one.broker === broker)?.lanes ?? [];
  return lanes
    .filter(({ binding }) => binding.source.address === source && bindsTo(binding.handler, handler))
    .reduce((sum, { messages }) => sum + messages, 0);
}

/** The lane of a shared source names all handlers that read it. */
const bindsTo = (bound: string, handler: string): boolean =>
  bound === handler || bound.split(/[^\w$.]+/).includes(handler);

/** How far back a rate looks, in milliseconds. */
const WINDOW_MS = 10_000;

interface Sample<Counts> {
  readonly at: number;
  readonly counts: Counts;
}

/** Counters of something, over the last seconds. */
class Rates<Counts extends { readonly [name in keyof Counts]: number }> {
  private samples: Sample<Counts>[] = [];

  /** Takes the counters of now; returns how much each has grown a second, since up to 10 s ago. */
  of(counts: Counts, at: number): Readonly<Record<keyof Counts, number>> {
    this.samples = this.samples.filter((one) => at - one.at <= WINDOW_MS);
    this.samples.push({ at, counts });
    const [first = { at, counts }] = this.samples;
    const seconds = Math.max(1, (at - first.at) / 1_000);
    const names = Object.keys(counts) as (keyof Counts)[];
    const rates = names.map((name) => [name, Math.max(0, counts[name] - first.counts[name]) / seconds] as const);
    return Object.fromEntries(rates) as Record<keyof Counts, number>;
  }
}
