import type { BrokerCounts, BrokerHealth, HandlerState } from '../../../driver/index.js';
import type { HeldMessage, RunningCall } from './calls.js';

/** All that the live view shows, as it goes to the browser: plain JSON, and no payload. */
export interface LiveSnapshot {
  /** By the clock of the brokers, in milliseconds since 1970; so are all times in it. */
  readonly at: number;
  readonly status: BrokerHealth['status'];
  /** What is wrong, the worst first. */
  readonly problems: readonly Problem[];
  readonly brokers: readonly LiveBroker[];
  readonly handlers: readonly LiveHandler[];
  /** Publishes, of results and by code, since somebody has looked at the page. */
  readonly sends: readonly LiveSend[];
}

/** One thing that is wrong, in plain words. */
export interface Problem {
  /** `stuck`: nothing goes on there. `failing`: something goes on. `note`: worth knowing. */
  readonly level: 'stuck' | 'failing' | 'note';
  /** One short sentence. */
  readonly title: string;
  /** Why, and what goes on by itself. */
  readonly why: readonly string[];
  readonly broker: string;
  /** Id of the handler, where it is one handler's. */
  readonly handler?: string | undefined;
}

export interface LiveBroker {
  readonly name: string;
  readonly kind: string;
  readonly status: BrokerHealth['status'];
  readonly reasons: readonly string[];
  readonly notes: readonly string[];
}

export interface LiveHandler {
  readonly id: string;
  readonly handler: string;
  readonly broker: string;
  readonly source: string;
  readonly state: HandlerState;
  readonly counts: BrokerCounts;
  /** Calls that have succeeded and failed a second, over the last 10 s. */
  readonly handledPerSecond: number;
  readonly failedPerSecond: number;
  /** How long a call takes on average, in milliseconds; undefined without a call in the last second. */
  readonly callMs: number | undefined;
  /** Messages that wait for it on the server, at most 5 s old; undefined where the server keeps none or has not answered. */
  readonly lag: number | undefined;
  /** Why the lag is not known. */
  readonly lagError: string | undefined;
  readonly held: readonly HeldMessage[];
  readonly longest: RunningCall | undefined;
  /** Messages in this process behind those that are held or handled. */
  readonly behind: number;
}

export interface LiveSend {
  readonly broker: string;
  readonly address: string;
  /** Such as `topic orders`; undefined of a path that each message fills. */
  readonly name: string | undefined;
  readonly perSecond: number;
  readonly failedPerSecond: number;
  readonly failed: number;
}
