import { type Clock, sleep } from '../../async/index.js';
import { type Binding, bindingIdOf, decided } from '../../delivery/index.js';
import type {
  DeadLetter,
  Incoming,
  KeptMessages,
  PublishedTo,
  RedriveOptions,
  RedriveResult,
} from '../../driver/index.js';
import { errorOf } from '../../errors/index.js';
import type { ManagedBroker } from '../managed-broker.js';
import { deadLetterOf } from './dead-letter.js';
import { HandlerRuns } from './handler-runs.js';
import { ParkedMessage } from './parked-message.js';
import { republished } from './parked-message.js';

/** The application as a redrive sees it. */
export interface RedriveHost {
  readonly clock: Clock;
  /** The brokers of the messages that failed. */
  broker(name: string): ManagedBroker | undefined;
  /** All that this application reads, or would read. */
  bindings(): readonly Binding[];
}

/** A letter whose handler this application has. */
interface Redrivable {
  readonly incoming: Incoming;
  readonly message: ParkedMessage;
  readonly binding: Binding;
  readonly broker: ManagedBroker;
  readonly origin: PublishedTo | undefined;
}

type Fate = keyof Omit<RedriveResult, 'read'>;

/** Redrives letters one after another, until there are none, the limit is reached, or the signal aborts. */
export class Redrive {
  private readonly counts = { redriven: 0, left: 0, failed: 0 };
  private readonly runs: HandlerRuns;
  private begunAt: number | undefined;

  constructor(
    private readonly kept: KeptMessages,
    private readonly options: RedriveOptions,
    private readonly host: RedriveHost,
    private readonly signal: AbortSignal,
  ) {
    this.runs = new HandlerRuns(signal);
  }

  async run(): Promise<RedriveResult> {
    try {
      while (!this.signal.aborted && !this.isAtLimit) {
        const incoming = await this.next();
        if (incoming === undefined) break;
        this.counts[await this.fateOf(incoming)]++;
      }
      return this.result();
    } finally {
      this.runs.close();
    }
  }

  private get attempted(): number {
    return this.counts.redriven + this.counts.failed;
  }

  private get isAtLimit(): boolean {
    return this.attempted >= (this.options.limit ?? Infinity);
  }

  private result(): RedriveResult {
    const { redriven, failed } = this.counts;
    const handed = redriven + failed + this.counts.left;
    // What lies beyond the limit, or behind the abort, was never handed over.
    const cut = this.signal.aborted || this.isAtLimit;
    const read = cut ? Math.max(handed, this.kept.size) : handed;
    return { read, redriven, left: read - redriven - failed, failed };
  }

  private async next(): Promise<Incoming | undefined> {
    try {
      return await this.kept.next(this.signal);
    } catch (thrown) {
      if (this.signal.aborted) return undefined;
      throw thrown;
    }
  }

  private async fateOf(incoming: Incoming): Promise<Fate> {
    const letter = deadLetterOf(incoming);
    const found = letter && this.redrivable(letter, incoming);
    if (letter === undefined || found === undefined) return 'left';
    if (!(await this.isWanted(letter))) return 'left';
    if (this.options.dryRun === true) return 'redriven';
    await this.pace();
    if (this.signal.aborted) return 'left';
    if (!(await this.drive(found))) return 'failed';
    await this.kept.done(incoming);
    return 'redriven';
  }

  private async isWanted(letter: DeadLetter): Promise<boolean> {
    const { filter } = this.options;
    if (filter === undefined) return true;
    return decided(await filter(letter), (given) =>
      errorOf('MULTI_BROKER_OPTION_INVALID.redriveFilterGives', { given }, { broker: letter.from.broker }),
    );
  }

  private redrivable(letter: DeadLetter, incoming: Incoming): Redrivable | undefined {
    const { from, binding: id } = letter;
    const broker = this.host.broker(from.broker);
    const binding = this.host.bindings().find((one) => one.broker === from.broker && bindingIdOf(one) === id);
    if (broker === undefined || binding === undefined) return undefined;
    const origin = broker.definition.origin?.(from.source, binding.source);
    return { incoming, binding, broker, origin, message: new ParkedMessage(letter, incoming, origin) };
  }

  private async drive({ incoming, message, binding, broker, origin }: Redrivable): Promise<boolean> {
    if (this.options.to !== 'source') return this.runs.of(binding, broker.delivery).run(message).then(isHandled);
    const to = origin ?? {
      to: broker.definition.at?.(message.address) ?? broker.definition.destination(message.address),
    };
    return broker.republish(to.to, republished(message, incoming, to));
  }

  /** By the clock of the brokers, which is virtual on twins. */
  private async pace(): Promise<void> {
    const { ratePerSecond } = this.options;
    const { clock } = this.host;
    if (ratePerSecond === undefined) return;
    this.begunAt ??= clock.now();
    const due = this.begunAt + (this.attempted * 1_000) / ratePerSecond;
    if (due > clock.now()) await sleep(clock, due - clock.now(), this.signal, 'redrive');
  }
}

const isHandled = (outcome: 'handled' | 'failed'): boolean => outcome === 'handled';
