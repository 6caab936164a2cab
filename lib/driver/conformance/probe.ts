import assert from 'node:assert/strict';

import type { SourceSpec } from '../addressing.js';
import type { Intake, Lane, Settlement, Sink } from '../driver.js';
import type { Incoming } from '../message.js';
import { until } from './waiting.js';

/** One message that was handed over. */
export interface Taken {
  readonly lane: Lane;
  readonly message: Incoming;
  /** The body as text; null where there is none. */
  readonly text: string | null;
}

/** Reaction of a probe to its messages. */
export interface ProbeBehaviour {
  /** Settles each message at once; undefined leaves it unsettled. */
  readonly settle?: (taken: Taken) => Settlement | undefined;
  /** Result of {@link Sink.take}: a promise means full. */
  readonly room?: (lane: Lane) => void | Promise<void>;
}

/** A sink that records messages, and checks the rules that every driver has to follow. */
export class Probe implements Sink {
  readonly lanes: Lane[] = [];
  readonly taken: Taken[] = [];
  /** Violations of the port, checked when the test ends. */
  readonly faults: string[] = [];
  private readonly full = new Set<Lane>();
  intake: Intake | undefined;

  constructor(
    private readonly sources: readonly SourceSpec[],
    private readonly behaviour: ProbeBehaviour,
    private readonly patienceMs: number,
  ) {}

  opened(lane: Lane): void {
    if (!this.sources.includes(lane.source))
      this.faults.push(`${lane.name} has a source that subscribe() was not given`);
    if (this.lanes.includes(lane)) this.faults.push(`${lane.name} was opened twice`);
    this.lanes.push(lane);
  }

  take(lane: Lane, batch: readonly Incoming[]): void | Promise<void> {
    if (!this.lanes.includes(lane)) this.faults.push(`${lane.name} was never opened`);
    if (lane.lost.aborted) this.faults.push(`${lane.name} handed over a message although it is lost`);
    if (this.full.has(lane)) this.faults.push(`${lane.name} handed over a message although it is full`);
    for (const message of batch) this.accept({ lane, message, text: textOf(message) });
    const room = this.behaviour.room?.(lane);
    if (room === undefined) return undefined;
    this.full.add(lane);
    return room.then(() => void this.full.delete(lane));
  }

  get texts(): (string | null)[] {
    return this.taken.map(({ text }) => text);
  }

  count(text: string): number {
    return this.taken.filter((taken) => taken.text === text).length;
  }

  /** Waits until a message with each of these bodies has arrived. */
  async has(...texts: string[]): Promise<void> {
    const missing = (): string[] => texts.filter((text) => !this.texts.includes(text));
    const what = (): string => `${missing().slice(0, 5).join(', ')} (${missing().length} in all) did not arrive`;
    await until(() => missing().length === 0, what, this.patienceMs);
  }

  async hasCount(count: number): Promise<void> {
    await until(
      () => this.taken.length >= count,
      () => `${this.taken.length} of ${count} messages arrived`,
      this.patienceMs,
    );
  }

  find(text: string): Taken {
    const taken = this.taken.find((one) => one.text === text);
    assert.ok(taken, `no message '${text}' arrived`);
    return taken;
  }

  settle(text: string, how: Settlement = 'ack'): void {
    const { lane, message } = this.find(text);
    lane.settle(message, how);
  }

  /** Ends the intake in all its phases. */
  async leave(): Promise<void> {
    const { intake } = this;
    this.intake = undefined;
    await intake?.stopFetching();
    await intake?.flush();
    await intake?.close();
  }

  private accept(taken: Taken): void {
    this.taken.push(taken);
    const how = this.behaviour.settle?.(taken);
    if (how !== undefined) taken.lane.settle(taken.message, how);
  }
}

function textOf({ body }: Incoming): string | null {
  return body === null ? null : Buffer.from(body).toString();
}
