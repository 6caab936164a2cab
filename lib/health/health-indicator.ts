import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import type { BrokerHealth, HandlerHandle } from '../driver/index.js';
import { type LagReading, type ManagedMultiBroker, OBSERVED_BROKERS } from '../lifecycle/index.js';
import { checkHealthOptions, type MultiBrokerHealthOptions } from './options.js';

/** Brokers as an indicator of `@nestjs/terminus`; {@link MultiBrokerHealthModule} provides it. */
@Injectable()
export class MultiBrokerHealthIndicator {
  constructor(
    @Inject(OBSERVED_BROKERS) private readonly multiBroker: ManagedMultiBroker,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
  ) {}

  /**
   * `up` while the brokers are; the result lists each with its status and reasons. Without `maxLag` it asks no server.
   *
   * ```ts
   * () => this.brokers.isHealthy('brokers', { failOn: 'degraded', maxLag: 10_000 })
   * ```
   *
   * @param key the name of the result in the answer of the health check
   * @throws MultiBrokerError MULTI_BROKER_UNKNOWN_BROKER with the nearest known name, MULTI_BROKER_OPTION_INVALID
   */
  async isHealthy<const Key extends string>(
    key: Key,
    options: MultiBrokerHealthOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    checkHealthOptions(options);
    const { failOn = 'down', maxLag } = options;
    const { status, checked } = this.checkedOf(options.brokers);
    const lag = maxLag === undefined ? undefined : await this.lagOf(checked, maxLag);
    const fails = status === 'down' || status === failOn || lag?.isExceeded === true;
    const details = { brokers: Object.fromEntries(checked.map(detailOf)), ...(lag && { lag: lag.details }) };
    const indicator = this.indicators.check(key);
    return fails ? indicator.down(details) : indicator.up(details);
  }

  private checkedOf(names: readonly string[] | undefined): Checked {
    const { status, brokers } = this.multiBroker.health();
    if (names === undefined) return { status, checked: brokers };
    const checked = names.map(
      // An unknown name is an error of `lookUp`, which suggests the nearest.
      (name) => brokers.find((broker) => broker.name === name) ?? this.multiBroker.lookUp(name).health(),
    );
    return { status: worstOf(checked), checked };
  }

  /** A broker that is down is not asked: its status says enough, and the answer would take until the time limit. */
  private lagOf(checked: readonly BrokerHealth[], maxLag: number): Promise<CheckedLag> {
    const { handlers, lags } = this.multiBroker;
    const asked = new Set(checked.filter(({ status }) => status !== 'down').map(({ name }) => name));
    const some = handlers.filter(({ broker }) => asked.has(broker));
    return checkLag(some, lags, maxLag);
  }
}

interface Checked {
  readonly status: BrokerHealth['status'];
  readonly checked: readonly BrokerHealth[];
}

function worstOf(checked: readonly BrokerHealth[]): BrokerHealth['status'] {
  if (checked.some(({ status }) => status === 'down')) return 'down';
  return checked.some(({ status }) => status === 'degraded') ? 'degraded' : 'up';
}

function detailOf({ name, status, reasons }: BrokerHealth): [name: string, detail: object] {
  return [name, reasons.length === 0 ? { status } : { status, reasons }];
}

/** The lag of some handlers beside the most that is allowed. */
interface CheckedLag {
  readonly isExceeded: boolean;
  /** By the handler's id: messages, or why they are not known. Without those whose source keeps nothing. */
  readonly details: Readonly<Record<string, number | string>>;
}

/** A lag that the server does not tell counts as exceeded: a check that cannot be made has not passed. */
async function checkLag(
  handlers: readonly HandlerHandle[],
  lags: { of(handle: HandlerHandle): Promise<LagReading> },
  maxLag: number,
): Promise<CheckedLag> {
  const readings = await Promise.all(handlers.map(async (handle) => [handle.id, await lags.of(handle)] as const));
  return {
    isExceeded: readings.some(([, { messages = 0, error }]) => error !== undefined || messages > maxLag),
    details: Object.fromEntries(
      readings.flatMap(([id, { messages, error }]) => {
        const told = error?.message ?? messages;
        return told === undefined ? [] : [[id, told]];
      }),
    ),
  };
}
