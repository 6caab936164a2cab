import type { BrokerDefinition, MessageContext, Outgoing } from '../../../lib/driver/index.js';
import { Member } from './member.js';
import type { PlannedMessage, PlannedStep } from './plan.js';
import { expectationsOf } from './expectation.js';
import type { Action, GroupName, Scenario } from './scenario.js';
import { ScriptRun } from './script.js';
import type { Progress, QuietTrace, Trace } from './trace.js';
import type { World } from './world.js';

/** Header that names a message. */
const ID = 'x-message';

/** How long a nacked message waits, in milliseconds. */
const NACK_MS = 5;
const TOO_LARGE = Buffer.alloc(2 * 1_048_576);

/** Does in a world what the plan says, and tells what was seen. */
export async function run(scenario: Scenario, plan: readonly PlannedStep[], world: Running): Promise<Trace> {
  const runner = new Runner(scenario, plan, world);
  try {
    for (const step of plan) await runner.take(step);
    return runner.trace;
  } finally {
    await runner.end();
  }
}

/** A world with the definition of the broker that it serves: one, for groups belong to a broker. */
export interface Running extends World {
  readonly definition: BrokerDefinition;
}

class Runner {
  readonly trace: Trace = { publishes: [], calls: [], quiets: [] };
  readonly #members = new Map<number, Member>();
  readonly #present = new Map<GroupName, number>();
  readonly #killed = new Set<GroupName>();
  /** Whose scripts run, `group/message`. */
  readonly #runs = new Map<string, ScriptRun>();
  readonly #scripts = new Map<string, readonly Action[]>();
  /** Published so far, sentinels included. */
  readonly #published = new Set<string>();
  readonly #expected: ReturnType<typeof expectationsOf>;

  constructor(
    private readonly scenario: Scenario,
    plan: readonly PlannedStep[],
    private readonly world: Running,
  ) {
    this.#expected = expectationsOf(scenario, plan);
  }

  /** Nothing of it goes on. */
  async end(): Promise<void> {
    const members = [...this.#members.values()];
    await this.world.during(Promise.all(members.map((member) => member.leave())));
  }

  take(step: PlannedStep): Promise<void> {
    switch (step.do) {
      case 'publish':
        return this.#publish(step.message);
      case 'join':
        return this.#join(step.group, step.member);
      case 'quiet':
        return this.#quiet(step.number);
      default:
        return this.#part(step.do, step.group, step.member);
    }
  }

  async #publish(message: PlannedMessage): Promise<void> {
    this.#scripts.set(message.id, message.script);
    await this.#write(message.id, outgoing(message), message.way === 'nowhere' ? 'nowhere' : 'here');
  }

  async #write(id: string, message: Outgoing, to: 'here' | 'nowhere' = 'here'): Promise<void> {
    const outcome = await this.world.during(this.world.publish(message, to));
    const error = 'error' in outcome ? outcome.error.code : undefined;
    const { duplicate = false, position } = 'receipt' in outcome ? outcome.receipt : {};
    if (error === undefined && !duplicate) this.#published.add(id);
    this.trace.publishes.push({ id, error, duplicate, partition: partitionIn(position) });
  }

  async #join(group: GroupName, member: number): Promise<void> {
    const { world, scenario } = this;
    const late = group === 'g1' && scenario.lateGroup;
    const handle = (context: MessageContext): void => this.#called(group, member, context);
    const source = world.source(group, late);
    const join = Member.join({ world, definition: world.definition, source, ack: scenario.ack, handle });
    this.#members.set(member, await world.during(join));
    this.#present.set(group, (this.#present.get(group) ?? 0) + 1);
  }

  async #part(how: 'leave' | 'kill', group: GroupName, member: number): Promise<void> {
    this.#present.set(group, (this.#present.get(group) ?? 0) - 1);
    if (how === 'kill') this.#killed.add(group);
    await this.world.during(this.#members.get(member)?.[how]() ?? Promise.resolve());
  }

  #called(group: GroupName, member: number, context: MessageContext): void {
    const { message } = context;
    const id = message.headers[ID] ?? '(none)';
    const action = this.#runOf(group, id).next();
    const seen = { payload: message.payload, key: message.key, partition: partitionOf(message.raw) };
    this.trace.calls.push({ group, member, id, ...seen, attempt: message.attempt, action });
    if (action === 'fail') throw new Error('scripted');
    if (action === 'nack') context.nack({ delayMs: NACK_MS });
    if (action === 'reject') context.reject('scripted');
  }

  /** Publishes a sentinel to each partition and waits until each group is through with them and all before. */
  async #quiet(number: number): Promise<void> {
    const groups = [...this.#present].flatMap(([group, members]) => (members > 0 ? [group] : []));
    const sentinels = this.world.sentinels.map((key) => ({ id: `s${number}${key}`, key }));
    for (const { id, key } of sentinels) await this.#write(id, body(id, key, id));
    const wanted = (): string[] => groups.flatMap((group) => this.#unfinished(group, sentinels));
    await this.world.until(() => wanted().length === 0);
    const progress: Partial<Record<GroupName, Progress>> = {};
    for (const group of groups)
      progress[group] = await this.world.during(this.world.progress(group, this.#killed.has(group)));
    this.trace.quiets.push({ number, missing: wanted(), progress } satisfies QuietTrace);
  }

  #unfinished(group: GroupName, sentinels: readonly { id: string }[]): string[] {
    const messages = [...(this.#expected.get(group)?.messages ?? [])].filter((id) => this.#published.has(id));
    const all = [...messages, ...sentinels.map(({ id }) => id)].map((id) => `${group}/${id}`);
    return all.filter((name) => this.#runs.get(name)?.end === undefined);
  }

  #runOf(group: GroupName, id: string): ScriptRun {
    const name = `${group}/${id}`;
    const known = this.#runs.get(name) ?? new ScriptRun(this.#scripts.get(id) ?? [], this.scenario.ack);
    this.#runs.set(name, known);
    return known;
  }
}

function outgoing({ id, key, empty, way, dedupeId }: PlannedMessage): Outgoing {
  const plain = body(id, key, dedupeId);
  if (way === 'too-large') return { ...plain, body: TOO_LARGE };
  if (way === 'bad-header') return { ...plain, headers: { ...plain.headers, 'x-bad': 'line\r\nbreak' } };
  return empty ? { ...plain, body: null } : plain;
}

function body(id: string, key: string | undefined, dedupeId: string): Outgoing {
  return { body: Buffer.from(`text of ${id}`), key, headers: { [ID]: id }, dedupeId };
}

/** `topic[partition]@offset`. */
function partitionIn(position: string | undefined): number | undefined {
  const found = /\[(\d+)\]@/.exec(position ?? '');
  return found === null ? undefined : Number(found[1]);
}

/** As kafkajs has it in what it hands out. */
function partitionOf(raw: unknown): number | undefined {
  return (raw as { partition?: number }).partition;
}
