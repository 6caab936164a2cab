import type { GroupName, Scenario, Step } from './scenario.js';

type Publish = Extract<Step, { do: 'publish' }>;

/** A message of a plan. */
export interface PlannedMessage extends Omit<Publish, 'do'> {
  readonly id: string;
  /** The message whose dedupe id it has: its own, or an earlier one's. */
  readonly dedupeId: string;
}

/** A step that can be taken: members are numbered through, and only those that are there leave or are killed. */
export type PlannedStep =
  | { readonly do: 'publish'; readonly message: PlannedMessage }
  | { readonly do: 'join' | 'leave' | 'kill'; readonly group: GroupName; readonly member: number }
  | { readonly do: 'quiet'; readonly number: number };

const MOST_MEMBERS = 2;

/** What both worlds do: the scenario without what makes no sense, and an end at which every group has come to rest. */
export function planOf({ opened, steps }: Scenario): readonly PlannedStep[] {
  const planner = new Planner();
  if (opened) planner.open();
  for (const step of steps) planner.take(step);
  planner.finish();
  return planner.plan;
}

class Planner {
  readonly plan: PlannedStep[] = [];
  readonly #members = new Map<GroupName, number[]>();
  #joined = 0;
  #quiets = 0;

  open(): void {
    this.#join('g0');
    this.#quiet();
  }

  take(step: Step): void {
    if (step.do === 'publish') this.#publish(step);
    else if (step.do === 'quiet') this.#quiet();
    else if (step.do === 'join') this.#join(step.group);
    else this.#part(step.do, step.group);
  }

  /** Somebody reads in every group that there ever was, so that nothing stays unseen. */
  finish(): void {
    if (this.#members.size === 0) this.#join('g0');
    for (const [group, members] of this.#members) if (members.length === 0) this.#join(group);
    this.#quiet();
  }

  #publish({ way, ...what }: Publish): void {
    const id = `m${this.plan.length}`;
    const earlier = this.#earlier();
    const repeats = way === 'repeat' && earlier !== undefined;
    const dedupeId = repeats ? earlier : id;
    const message = { ...what, id, dedupeId, way: way === 'repeat' && !repeats ? 'plain' : way } as const;
    this.plan.push({ do: 'publish', message });
  }

  /** A message that was taken. */
  #earlier(): string | undefined {
    const taken = this.plan.find((step) => step.do === 'publish' && step.message.way === 'plain');
    return taken?.do === 'publish' ? taken.message.id : undefined;
  }

  #quiet(): void {
    if (this.plan.at(-1)?.do !== 'quiet') this.plan.push({ do: 'quiet', number: this.#quiets++ });
  }

  #join(group: GroupName): void {
    const members = this.#members.get(group) ?? [];
    this.#members.set(group, members);
    if (members.length === MOST_MEMBERS) return;
    members.push(this.#joined);
    this.plan.push({ do: 'join', group, member: this.#joined++ });
  }

  /** The one that has been there longest. */
  #part(how: 'leave' | 'kill', group: GroupName): void {
    const member = this.#members.get(group)?.shift();
    if (member !== undefined) this.plan.push({ do: how, group, member });
  }
}
