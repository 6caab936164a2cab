import { Deadline, systemClock } from '../../async/index.js';
import type { Finding, Logger, Need, Topology, TopologyBroker } from '../../driver/index.js';
import { asError, errorOf, type MultiBrokerError, WiringError } from '../../errors/index.js';
import { inspect, useOf } from '../../lifecycle/index.js';
import type { LoadedApplication } from '../application.js';
import { shownError } from '../shown-error.js';
import { withoutCredentials } from '../without-credentials.js';

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
  const needs = definition.needs?.(useOf(name, topology));
  const comparison = options.connect ? await compare(name, topology, application, options) : SKIPPED;
  return { name, kind, hosts: server?.hosts ?? [], needs, comparison };
}

const SKIPPED: Comparison = { state: 'skipped' };

async function compare(
  name: string,
  topology: Topology,
  application: LoadedApplication,
  { timeoutMs }: CheckOptions,
): Promise<Comparison> {
  const late = (): Error => errorOf('MULTI_BROKER_START_TIMEOUT', { ms: timeoutMs }, { broker: name });
  const deadline = new Deadline(systemClock, timeoutMs, late);
  try {
    const services = { clock: systemClock, log: SILENT };
    const findings = await inspect(application.definition(name), useOf(name, topology), services, deadline.signal);
    return findings === undefined ? { state: 'unsupported' } : { state: 'compared', findings };
  } catch (thrown) {
    return { state: 'failed', reason: shownError(asError(thrown)) };
  } finally {
    deadline.clear();
  }
}

const nothing = (): void => undefined;
/** What a client logs meanwhile is in the error, too. */
const SILENT: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
