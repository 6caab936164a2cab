import { sleep } from '../../../lib/async/index.js';
import type { BrokerDefinition, MessageContext, Outgoing } from '../../../lib/driver/index.js';
import { Member } from './member.js';
import type { PlannedMessage, PlannedStep } from './plan.js';
import { expectationsOf } from './expectation.js';
import type { Action, GroupName, Scenario } from './scenario.js';
import { ScriptRun } from './script.js';
import type { CallTrace, Progress, QuietTrace, Trace } from './trace.js';
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
  readonly trace: Trace = { publishes: [], calls: [], quiets: [], letters: [], results: [] };
  readonly #members = new Map<number, Member>();
  readonly #present = new Map<GroupName, number>();
  /** Groups in which what runs may be repeated by another member, although its script has ended. */
  readonly #disturbed = new Set<GroupName>();
  readonly #dead = new Set<number>();
  /** Calls that have not ended. A lane that was lost is not theirs any more. */
  readonly #running = new Map<CallTrace, AbortSignal>();
  /** Whose scripts run, `group/message`. */
  readonly #runs = new Map<string, ScriptRun>();
  /** Messages whose letter is awaited, `group/message`, with the member that writes it. */
  readonly #parking = new Map<string, number>();
  readonly #messages = new Map<string, PlannedMessage>();
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
    this.#messages.set(message.id, message);
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
    const join = Member.join({
      world,
      definition: world.definition,
      source: world.source(group, late),
      ack: scenario.ack,
      deadLetter: scenario.deadLetter && world.letters,
      concurrency: scenario.concurrency,
      written: (message) => this.#written(group, message),
      handle: (context) => this.#called(group, member, context),
    });
    this.#members.set(member, await world.during(join));
    const present = this.#present.get(group) ?? 0;
    this.#present.set(group, present + 1);
    // Who joins a group of Kafka takes partitions of others, with what runs there.
    if (scenario.kind === 'kafka' && present > 0) this.#disturbed.add(group);
  }

  async #part(how: 'leave' | 'kill', group: GroupName, member: number): Promise<void> {
    this.#present.set(group, (this.#present.get(group) ?? 0) - 1);
    this.#disturbed.add(group);
    if (how === 'kill') {
      this.#dead.add(member);
      for (const [name, by] of this.#parking) if (by === member) this.#parking.delete(name);
    }
    await this.world.during(this.#members.get(member)?.[how]() ?? Promise.resolve());
  }

  #written(group: GroupName, { headers = {}, body, key }: Outgoing): void {
    const id = headers[ID] ?? '(none)';
    const isLetter = 'dead-letter-broker' in headers;
    const texts = { payload: body && Buffer.from(body).toString(), key: key && Buffer.from(key).toString() };
    this.trace[isLetter ? 'letters' : 'results'].push({ group, id, ...texts });
    if (isLetter) this.#parking.delete(`${group}/${id}`);
  }

  async #called(group: GroupName, member: number, context: MessageContext): Promise<void> {
    const id = context.message.headers[ID] ?? '(none)';
    const run = this.#runOf(group, id);
    const call = this.#began(group, member, id, run.next(member), context);
    try {
      await this.#work(call, context);
    } finally {
      this.#running.delete(call);
    }
    if (this.#dead.has(member)) return;
    const { action } = call;
    run.over(action);
    if (this.scenario.deadLetter && run.end === 'rejected' && action !== 'ok')
      this.#parking.set(`${group}/${id}`, member);
    if (action === 'fail') throw new Error('scripted');
    if (action === 'nack') context.nack({ delayMs: NACK_MS });
    if (action === 'reject') context.reject('scripted');
  }

  #began(group: GroupName, member: number, id: string, action: Action, context: MessageContext): CallTrace {
    const { message, signal } = context;
    const { payload, key, attempt } = message;
    const partition = partitionOf(message.raw);
    const beside = [...this.#running].flatMap(([call, { aborted }]) =>
      call.member === member && call.partition === partition && !aborted ? [{ id: call.id, key: call.key }] : [],
    );
    const call = { group, member, id, payload, key, partition, attempt, action, beside };
    this.#parking.delete(`${group}/${id}`);
    this.trace.calls.push(call);
    this.#running.set(call, signal);
    return call;
  }

  /** Takes its time, and publishes what it has handled well. */
  async #work({ id, action, payload, key }: CallTrace, { broker }: MessageContext): Promise<void> {
    const { takesMs } = this.#messages.get(id) ?? { takesMs: 0 };
    if (takesMs > 0) await sleep(this.world.clock, takesMs);
    if (action !== 'ok' || !this.#messages.has(id)) return;
    await broker.publish(this.world.results, payload, { ...(key !== undefined && { key }), headers: { [ID]: id } });
  }

  /** Publishes a sentinel to each partition and waits until each group is through with them and all before. */
  async #quiet(number: number): Promise<void> {
    const groups = [...this.#present].flatMap(([group, members]) => (members > 0 ? [group] : []));
    const sentinels = this.world.sentinels.map((key) => ({ id: `s${number}${key}`, key }));
    for (const { id, key } of sentinels) await this.#write(id, body(id, key, id));
    const wanted = (): string[] => groups.flatMap((group) => this.#unfinished(group, sentinels));
    await this.world.until(() => wanted().length === 0 && this.#parking.size === 0);
    const progress: Partial<Record<GroupName, Progress>> = {};
    for (const group of groups) progress[group] = await this.world.progress(group, this.#disturbed.has(group));
    this.trace.quiets.push({ number, missing: wanted(), progress } satisfies QuietTrace);
  }

  #unfinished(group: GroupName, sentinels: readonly { id: string }[]): string[] {
    const messages = [...(this.#expected.get(group)?.messages ?? [])].filter((id) => this.#published.has(id));
    const all = [...messages, ...sentinels.map(({ id }) => id)].map((id) => `${group}/${id}`);
    return all.filter((name) => this.#runs.get(name)?.end === undefined);
  }

  #runOf(group: GroupName, id: string): ScriptRun {
    const name = `${group}/${id}`;
    const known = this.#runs.get(name) ?? new ScriptRun(this.#messages.get(id)?.script ?? [], this.scenario);
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
