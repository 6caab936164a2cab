import { setTimeout as pause } from 'node:timers/promises';
import type { BrokerHealth } from 'nestjs-multi-broker';
import { type FlowName, flowNames } from './flows.js';
import { spoken, tells } from './health-words.js';
import type { Progress, Unit } from './progress.js';
import type { Replica } from './replica.js';
import { Standing } from './standing.js';

/** What stands for longer has to be told. */
const STANDS_MS = 5_000;
/** Progress and health are looked at once a second, not in one moment. */
const SAMPLES = 3;
/** What nothing holds up moves at least so often, on a machine that has other work as well. */
const MOVES_MS = 12_000;
/** So long after a fault what it has stopped may need to go on. */
const RECOVERS_MS = 20_000;

/** Looks each second at what moves, and at what health says of that which does not. */
export class Watch {
  /** Something stood, and no replica's health told what and why. */
  readonly silences: string[] = [];
  /** Something stood that no fault had stopped. */
  readonly stops: string[] = [];
  private units: readonly Unit[] = [];
  private readonly standings = new Map<string, Standing>();
  private readonly allowed = new Map<FlowName, number>();
  private readonly running: Promise<void>;
  private scene = 'the start';
  private excusedUntil = 0;
  private ended = false;

  constructor(
    private readonly progress: Progress,
    private readonly replicas: () => readonly Replica[],
  ) {
    this.mayStand(flowNames);
    this.running = this.run();
  }

  /** The name of the fault under way. */
  during(scene: string): void {
    this.scene = scene;
  }

  /** From now on, until some time after `ms`. */
  mayStand(flows: readonly FlowName[], ms = 0): void {
    const until = Date.now() + ms + RECOVERS_MS;
    for (const name of flows) this.allowed.set(name, Math.max(this.allowed.get(name) ?? 0, until));
  }

  /** Nobody can tell of what a replica held that has died in silence, until a server gives it to another one. */
  excuse(ms: number): void {
    this.excusedUntil = Math.max(this.excusedUntil, Date.now() + ms);
  }

  /** Until nothing is left to do; false when nothing has moved for `patienceMs`. */
  async quiet(idle: () => boolean, patienceMs: number): Promise<boolean> {
    const from = Date.now();
    for (let idleSince = Infinity; ; await pause(500)) {
      idleSince = idle() ? Math.min(idleSince, Date.now()) : Infinity;
      if (this.units.length > 0 && this.units.every((unit) => isDone(unit, idleSince))) return true;
      const moved = Math.max(from, ...[...this.standings.values()].map(({ movedAt }) => movedAt));
      if (Date.now() - moved > patienceMs) return false;
    }
  }

  /** How much of a flow's source is not settled. */
  backlogOf(name: FlowName): number {
    return this.units.filter(({ flow }) => flow === name).reduce((sum, { backlog }) => sum + backlog, 0);
  }

  /** What is left, by source. */
  left(): readonly string[] {
    return this.units.filter(({ backlog }) => backlog > 0).map(({ name, backlog }) => `${name} ${backlog}`);
  }

  async end(): Promise<void> {
    this.ended = true;
    await this.running;
  }

  private async run(): Promise<void> {
    for (; !this.ended; await pause(1_000)) {
      this.units = await this.progress.look();
      const brokers = this.replicas().flatMap((replica) => replica.health()?.brokers ?? []);
      for (const unit of this.units) this.judge(unit, brokers);
    }
  }

  private judge(unit: Unit, brokers: readonly BrokerHealth[]): void {
    const standing = this.standings.get(unit.name) ?? new Standing();
    this.standings.set(unit.name, standing);
    // Where no replica runs, none can tell.
    standing.look(unit, brokers.length > 0);
    if (standing.ms > STANDS_MS) this.judgeSilence(unit, standing, brokers);
    if (standing.ms > MOVES_MS && !this.isAllowed(unit) && standing.once('stopped'))
      this.stops.push(this.sentence(unit, standing, brokers));
  }

  private judgeSilence(unit: Unit, standing: Standing, brokers: readonly BrokerHealth[]): void {
    const told = Date.now() < this.excusedUntil || tells(unit.flow, brokers);
    standing.silent = told ? 0 : standing.silent + 1;
    if (standing.silent >= SAMPLES && standing.once('silent'))
      this.silences.push(this.sentence(unit, standing, brokers));
  }

  private isAllowed({ flow, missing }: Unit): boolean {
    return missing === true || Date.now() < (this.allowed.get(flow) ?? 0);
  }

  private sentence({ flow, name, backlog }: Unit, { ms }: Standing, brokers: readonly BrokerHealth[]): string {
    const stood = `${name} stood for ${Math.round(ms / 1_000)} s with ${backlog} left`;
    const line = `${stood}, during: ${this.scene}; health: ${spoken(flow, brokers)}`;
    console.log(`    ! ${line}`);
    return line;
  }
}

/** Nothing was left when it was looked at after that. */
function isDone({ backlog, missing, at }: Unit, since: number): boolean {
  return missing === true || (backlog === 0 && at > since);
}
