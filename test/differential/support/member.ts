import type { BrokerDefinition, Driver, MessageContext, Source } from '../../../lib/driver/index.js';
import { DriverSource, ManagedMultiBroker, resolveOptions } from '../../../lib/lifecycle/index.js';
import { ATTEMPTS } from './script.js';
import type { Scenario } from './scenario.js';
import type { Mortal, World } from './world.js';

const nothing = (): void => {};
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** What a stop may take, in milliseconds: a killed member's calls never end by themselves. */
const STOP_MS = 5_000;
const STOP_KILLED_MS = 200;

/** Gives an application the driver that its world made. */
class OneDriver extends DriverSource {
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
  handle(context: MessageContext): void;
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
  static async join({ world, definition, source, ack, handle }: MemberOptions): Promise<Member> {
    const mortal = await world.driver();
    const brokers = new ManagedMultiBroker(new OneDriver(world.clock, mortal.driver), silent);
    brokers.configure(resolveOptions({ shutdownTimeoutMs: STOP_MS }));
    brokers.register(definition);
    const member = new Member(brokers, mortal);
    const options = { ack, retry: { attempts: ATTEMPTS, delayMs: 1 } };
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

  /** The process of a dead member would not run: its calls have no end until they are cut off. */
  #call(context: MessageContext, handle: MemberOptions['handle']): void | Promise<void> {
    if (!this.#dead) return handle(context);
    return new Promise((_, reject) => {
      context.signal.addEventListener('abort', () => reject(new Error('This member is dead')));
    });
  }
}
