import { Deadline, systemClock } from '../../async/index.js';
import type {
  BrokerDefinition,
  BrokerUse,
  Finding,
  Logger,
  Need,
  Topology,
  TopologyBroker,
} from '../../driver/index.js';
import { asError, type MultiBrokerError, WiringError, withoutCredentials } from '../../errors/index.js';
import { inspect, useOf } from '../../lifecycle/index.js';
import type { LoadedApplication } from '../application.js';
import { shownError } from '../shown-error.js';

/** What a check has found. */
export interface CheckResult {
  /** Wiring mistakes; where there are some, nothing else is checked. */
  readonly mistakes: readonly Mistake[];
  readonly handlers: number;
  readonly brokers: readonly CheckedBroker[];
}

/** One mistake of a {@link WiringError}. */
export interface Mistake {
  readonly code: string;
  readonly message: string;
}

/** One broker. */
export interface CheckedBroker {
  readonly name: string;
  readonly kind: string;
  readonly hosts: readonly string[];
  /** Undefined where its kind does not tell it. */
  readonly needs: readonly Need[] | undefined;
  readonly comparison: Comparison;
}

/** How the server compares: not asked, not possible, not answered, or with what is wrong. */
export type Comparison =
  | { readonly state: 'skipped' }
  | { readonly state: 'unsupported' }
  | { readonly state: 'failed'; readonly reason: string }
  | { readonly state: 'compared'; readonly findings: readonly Finding[] };

/** How an application is checked. */
export interface CheckOptions {
  /** Whether it is compared with the servers. */
  readonly connect: boolean;
  /** How long each server may take. */
  readonly timeoutMs: number;
}

/** Checks the wiring, and then each broker. */
export async function check(application: LoadedApplication, options: CheckOptions): Promise<CheckResult> {
  try {
    const topology = application.topology();
    const checking = topology.brokers.map((broker) => checkBroker(broker, topology, application, options));
    return { mistakes: [], handlers: topology.handlers.length, brokers: await Promise.all(checking) };
  } catch (thrown) {
    if (!(thrown instanceof WiringError)) throw thrown;
    return { mistakes: thrown.problems.map(mistakeOf), handlers: 0, brokers: [] };
  }
}

/** A mistake as it is shown. */
export function mistakeOf({ code, message }: MultiBrokerError): Mistake {
  return { code, message: withoutCredentials(message) };
}

async function checkBroker(
  { name, kind, server }: TopologyBroker,
  topology: Topology,
  application: LoadedApplication,
  options: CheckOptions,
): Promise<CheckedBroker> {
  const definition = application.definition(name);
  const use = useOf(name, topology);
  const shown = { name, kind, hosts: server?.hosts ?? [] };
  try {
    const needs = definition.needs?.(use);
    return { ...shown, needs, comparison: options.connect ? await compare(definition, use, options) : SKIPPED };
  } catch (thrown) {
    return { ...shown, needs: undefined, comparison: failed(thrown, 'needs() failed: ') };
  }
}

const SKIPPED: Comparison = { state: 'skipped' };

async function compare(definition: BrokerDefinition, use: BrokerUse, { timeoutMs }: CheckOptions): Promise<Comparison> {
  let heard = '';
  const hear = (message: string): void => void (heard = `: ${message}`);
  const late = (): Error => new Error(`it did not answer within ${String(timeoutMs)} ms${heard}`);
  const deadline = new Deadline(systemClock, timeoutMs, late);
  try {
    const services = { clock: systemClock, log: loggerOf(hear) };
    const findings = await inspect(definition, use, services, deadline.signal);
    return findings === undefined ? { state: 'unsupported' } : { state: 'compared', findings };
  } catch (thrown) {
    return failed(thrown);
  } finally {
    deadline.clear();
  }
}

const failed = (thrown: unknown, what = ''): Comparison => ({
  state: 'failed',
  reason: `${what}${shownError(asError(thrown))}`,
});

/** A client that tries again and again tells why in its log only. */
const loggerOf = (hear: (message: string) => void): Logger => ({ debug: hear, info: hear, warn: hear, error: hear });
