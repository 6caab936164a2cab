import type {
  BrokerDefinition,
  DeadLetterOptions,
  Driver,
  MessageContext,
  Outgoing,
  Source,
} from '../../../lib/driver/index.js';
import { BrokerRuntime, ManagedMultiBroker, resolveOptions } from '../../../lib/lifecycle/index.js';
import { ATTEMPTS } from './script.js';
import type { Scenario } from './scenario.js';
import type { Mortal, World } from './world.js';

const nothing = (): void => {};
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** What a stop may take, in milliseconds: a killed member's calls never end by themselves. */
const STOP_MS = 5_000;
const STOP_KILLED_MS = 200;

/** Gives an application the driver that its world made. */
class OneDriver extends BrokerRuntime {
  constructor(
    readonly clock: World['clock'],
    private readonly driver: Driver,
  ) {
    super();
  }

  open(): Promise<Driver> {
    return Promise.resolve(this.driver);
  }
}

export interface MemberOptions {
  readonly world: World;
  readonly definition: BrokerDefinition;
  readonly source: Source;
  readonly ack: Scenario['ack'];
  /** Where what is given up is parked. */
  readonly deadLetter: string | DeadLetterOptions | false;
  readonly concurrency: number;
  /** A letter or a result is confirmed. */
  written(message: Outgoing): void;
  handle(context: MessageContext): Promise<void>;
}

/** Members publish letters and results. */
function listen(driver: Driver, written: MemberOptions['written']): void {
  const publish = driver.publish.bind(driver);
  driver.publish = async (to, batch) => {
    const outcomes = await publish(to, batch);
    outcomes.forEach((outcome, index) => {
      if ('receipt' in outcome) written(batch[index]!);
    });
    return outcomes;
  };
}

/** One application of its own that reads in a group. */
export class Member {
  #dead = false;
  #stopped: Promise<void> | undefined;

  private constructor(
    private readonly brokers: ManagedMultiBroker,
    private readonly mortal: Mortal,
  ) {}

  /** Resolves when it reads. */
  static async join({ world, definition, source, written, handle, ...policy }: MemberOptions): Promise<Member> {
    const mortal = await world.driver();
    listen(mortal.driver, written);
    const brokers = new ManagedMultiBroker(new OneDriver(world.clock, mortal.driver), silent);
    brokers.configure(resolveOptions({ shutdownTimeoutMs: STOP_MS }));
    brokers.register(definition);
    const member = new Member(brokers, mortal);
    const options = { ...policy, retry: { attempts: ATTEMPTS, delayMs: 1 } };
    try {
      await brokers.start();
      await brokers.get(definition.name).subscribe(source, (_, context) => member.#call(context, handle), options);
    } catch (thrown) {
      await member.leave();
      throw thrown;
    }
    return member;
  }

  leave(): Promise<void> {
    this.#stopped ??= this.brokers.stop();
    return this.#stopped;
  }

  /** From now on it handles nothing, and nobody hears of it. */
  async kill(): Promise<void> {
    this.#dead = true;
    await this.mortal.kill();
    this.brokers.configure(resolveOptions({ shutdownTimeoutMs: STOP_KILLED_MS }));
    void this.leave();
  }

  async #call(context: MessageContext, handle: MemberOptions['handle']): Promise<void> {
    const [call] = await Promise.allSettled(this.#dead ? [] : [handle(context)]);
    if (this.#dead) await endOf(context);
    if (call?.status === 'rejected') throw call.reason;
  }
}

/** The process of a dead member would not run: its calls have no end until they are cut off. */
function endOf({ signal }: MessageContext): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(new Error('This member is dead'));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
}
