import { sleep } from '../../../driver/index.js';
import { asError, isMultiBrokerError, MultiBrokerError } from '../../../errors/index.js';
import type { Link } from '../link.js';
import { undecodableCause } from '../client/codecs.js';
import { Serial } from '../serial.js';
import { unlessAborted, within } from '../within.js';
import { DeletedTopics } from './deleted-topics.js';
import { withForeignMembers } from './foreign-members.js';
import { Isolation } from './isolation.js';
import { JoinRequest, whenAllAborted } from './join-request.js';
import { Life, type LifeHost } from './life.js';
import { Losses } from './losses.js';
import type { Reader } from './partition-lane.js';

// Taken when the module loads: fake timers of a test must not hold up a broker.
const { setImmediate: nextTurn } = globalThis;

/** What a group needs of its driver. */
export interface GroupHost extends Pick<LifeHost, 'io' | 'settings' | 'cluster' | 'makeClient' | 'protocol'> {
  readonly link: Link;
}

/** Waits between attempts to build the consumer anew, in milliseconds. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** How long a flush may take, in milliseconds; and that of one who leaves, which most often comes after the other. */
const FLUSH_MS = 3_000;
const LEAVE_FLUSH_MS = 1_000;
/** How long one of several topics gets to be left, in milliseconds: as a rule far less. */
const REMOVE_MS = 8_000;
/** How long handlers get to end before the group is joined anew, in milliseconds; after it they are cut off. */
const DRAIN_MS = 5_000;

/**
 * The consumer of one group of one broker: kafkajs's, built anew when it crashes, and when topics come or go. Starts
 * and stops are done one after another.
 */
export class Group {
  private readers: readonly Reader[] = [];
  /** How many calls of `add` are under way. */
  private joining = 0;
  /** Those of `add` that the next join takes in, all together. */
  private requests: JoinRequest[] = [];
  private life: Life | undefined;
  private trouble: Error | undefined;
  private readonly halted = new Map<string, Error>();
  private readonly isolation = new Isolation();
  private readonly deleted: DeletedTopics;
  private readonly losses: Losses;
  private readonly serial = new Serial();
  private readonly over = new AbortController();

  constructor(
    readonly groupId: string,
    private readonly host: GroupHost,
  ) {
    this.deleted = new DeletedTopics(groupId, host.io);
    this.losses = new Losses(groupId, host.io);
  }

  /** Whether it was left for good. */
  get isOver(): boolean {
    return this.over.signal.aborted;
  }

  /**
   * Reads more topics. Resolves when their start positions are fixed and stored; rejects with none of them read. Those
   * that come together, or while a join is under way, are joined once; the topics of before are read until then, and
   * are not disturbed by one that is missing.
   */
  async add(readers: readonly Reader[], signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.over.signal]);
    this.joining++;
    try {
      const request = new JoinRequest(readers, either);
      this.requests.push(request);
      if (this.requests.length === 1) void this.serial.run(() => this.joinAll());
      await unlessAborted(request.joined, either);
    } catch (thrown) {
      throw this.failure(readers, asError(thrown));
    } finally {
      this.joining--;
    }
  }

  /** Takes nothing more of readers that were set quiet. */
  quiet(): void {
    this.life?.quiet();
  }

  /** Resolves when the server knows what is settled; bounded, never rejects. */
  async flush(): Promise<void> {
    await this.life?.committer.flush(FLUSH_MS);
  }

  /**
   * Reads some topics no more; with the last of them the group is left. Bounded, never rejects: the others are joined
   * anew behind it, for the server may be away.
   */
  async remove(readers: readonly Reader[]): Promise<void> {
    // What never came to be read, or failed, leaves the others undisturbed.
    const wasRead = this.reads(readers);
    this.readers = this.without(readers);
    if (this.readers.length === 0) {
      // Whoever joins now leaves first what is left here, and leaves the group for good when it fails.
      if (this.joining === 0) await this.close();
    } else if (wasRead && this.readers.some(({ quiet }) => !quiet)) {
      const isJoined = this.life !== undefined;
      const left = this.serial.run(async () => {
        await this.drain();
        await this.leave();
      });
      void this.serial.run(() => this.rebuild());
      if (isJoined) await within(this.host.io.clock, left, REMOVE_MS);
    }
  }

  /** Leaves the group for good; bounded, never rejects. */
  async close(): Promise<void> {
    this.over.abort(new MultiBrokerError('MULTI_BROKER_STOPPED', `Group '${this.groupId}' was left`));
    await this.serial.run(() => this.leave());
    this.host.link.mended(this.part);
  }

  ailments(): string[] {
    const silent = this.life?.vitals.silentMs;
    const late = this.life?.committer.ailment;
    return [
      ...(this.trouble === undefined ? [] : [`Group '${this.groupId}' is being joined anew: ${this.trouble.message}`]),
      ...(silent === undefined
        ? []
        : [`Group '${this.groupId}' got no answer of the server for ${Math.round(silent / 1_000)} s`]),
      ...(late === undefined ? [] : [`Group '${this.groupId}': ${late}`]),
      ...this.deleted.gaps,
      ...(this.life?.coverage.gaps ?? []),
      ...[...this.halted.values()].map(({ message }) => message),
      ...this.losses.sentences,
    ];
  }

  /** Never rejects. */
  private async joinAll(): Promise<void> {
    await new Promise((resolve) => nextTurn(resolve));
    const requests = this.requests.filter(({ signal }) => !signal.aborted);
    this.requests = [];
    if (requests.length === 0) return;
    this.deleted.require(topicsOf(requests.flatMap(({ readers }) => readers)));
    try {
      await this.join(requests, whenAllAborted(requests));
    } catch (thrown) {
      for (const { reject } of requests) reject(asError(thrown));
    } finally {
      this.deleted.require();
    }
  }

  private async join(requests: readonly JoinRequest[], signal: AbortSignal): Promise<void> {
    const [prepared, admitted] = await this.prepareWith(requests, signal);
    if (prepared === undefined) return;
    const readers = admitted.flatMap((request) => request.readers);
    this.readers = [...this.readers, ...readers];
    await this.drain();
    await this.leave();
    try {
      await this.bear(signal, prepared);
      signal.throwIfAborted();
      for (const { resolve } of admitted) resolve();
    } catch (thrown) {
      // Not those of before: some may have been removed meanwhile. Whoever removed these joins the others anew.
      const isLeft = !this.reads(readers);
      this.readers = this.without(readers);
      await this.leave();
      if (!isLeft && this.readers.length > 0 && !this.isOver) this.rebuildAfter(asError(thrown));
      throw thrown;
    }
  }

  /**
   * A life that may join with what is read and what is asked for, while the one before goes on. What cannot be read is
   * refused; undefined where nothing is left.
   */
  private async prepareWith(
    requests: readonly JoinRequest[],
    signal: AbortSignal,
  ): Promise<[Life | undefined, readonly JoinRequest[]]> {
    let left = requests;
    while (left.length > 0) {
      const life = await this.prepared(signal);
      const answers = await this.admit(life, left, signal);
      const refusals = left.map((request, index) => {
        return answers[index] ?? (request.signal.aborted ? asError(request.signal.reason) : undefined);
      });
      for (const [index, request] of left.entries()) if (refusals[index] !== undefined) request.reject(refusals[index]);
      left = left.filter((_, index) => refusals[index] === undefined);
      if (refusals.every((refusal) => refusal === undefined)) return [life, left];
      await life.dispose();
    }
    return [undefined, left];
  }

  private async admit(
    life: Life,
    requests: readonly JoinRequest[],
    signal: AbortSignal,
  ): Promise<readonly (Error | undefined)[]> {
    const all = requests.map(({ readers }) => readers);
    try {
      return await life.admit(all, signal);
    } catch (thrown) {
      await life.dispose();
      {
        throw withComplaint(withForeignMembers(asError(thrown)), life.complaint);
      }
    }
  }

  private reads(some: readonly Reader[]): boolean {
    return this.readers.some((reader) => some.includes(reader));
  }

  private without(readers: readonly Reader[]): readonly Reader[] {
    return this.readers.filter((reader) => !readers.includes(reader));
  }

  private get part(): string {
    return `group ${this.groupId}`;
  }

  /** What runs is finished before partitions are given up only to be read on: cut off, it would be done twice. */
  private async drain(): Promise<void> {
    const { life } = this;
    if (life !== undefined && life.ended === undefined && !this.isOver) await life.drain(DRAIN_MS);
  }

  /** Commits what is finished and leaves; the partitions go to others, or to the next life. */
  private async leave(): Promise<void> {
    const { life } = this;
    this.life = undefined;
    if (life === undefined) return;
    if (life.ended === undefined) await life.committer.flush(LEAVE_FLUSH_MS);
    await life.dispose();
  }

  private async prepared(signal: AbortSignal): Promise<Life> {
    const life = new Life(this.lifeHost());
    try {
      await life.prepare(signal);
      return life;
    } catch (thrown) {
      await life.dispose();
      {
        throw withComplaint(withForeignMembers(asError(thrown)), life.complaint);
      }
    }
  }

  private async bear(signal: AbortSignal, prepared?: Life): Promise<void> {
    for (let next = prepared; ; next = undefined) {
      const life = next ?? (await this.prepared(signal));
      try {
        await life.start(signal);
        this.life = life;
        this.trouble = undefined;
        this.host.link.mended(this.part);
        if (life.ended !== undefined) this.rebuildAfter(life.ended);
        return;
      } catch (thrown) {
        await life.dispose();
        // Found or still looked for: the next one leaves the partition out.
        if (undecodableCause(asError(thrown)) === undefined) {
          throw withComplaint(withForeignMembers(asError(thrown)), life.complaint);
        }
      }
    }
  }

  private rebuildAfter(cause: Error): void {
    const { io, link } = this.host;
    const { life } = this;
    this.trouble = cause;
    link.lost(this.part, cause);
    const what = `Group '${this.groupId}' of broker '${io.broker}' lost its consumer: ${cause.message}`;
    const error = new MultiBrokerError('MULTI_BROKER_CONSUMER_FAILED', what, { broker: io.broker, cause });
    io.log.warn(error.message);
    void this.serial.run(async () => {
      // Somebody who joined meanwhile has done it.
      if (this.life === life) await this.rebuild();
    });
  }

  /** Tries until it succeeds, or there is nothing to be read, or the group is left. */
  private async rebuild(): Promise<void> {
    await this.drain();
    await this.leave();
    const { signal } = this.over;
    let waitMs = FIRST_WAIT_MS;
    while (this.readers.length > 0 && !signal.aborted) {
      try {
        await this.bear(signal);
        return;
      } catch (thrown) {
        this.trouble = asError(thrown);
        this.host.io.log.debug(`Group '${this.groupId}' could not be joined yet: ${this.trouble.message}`);
      }
      await sleep(this.host.io.clock, waitMs, signal);
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    }
  }

  private lifeHost(): LifeHost {
    return {
      ...this.host,
      groupId: this.groupId,
      readers: this.readers,
      halted: this.halted,
      isolation: this.isolation,
      deleted: this.deleted,
      losses: this.losses,
      down: (life, cause) => {
        this.look(cause);
        if (life === this.life && !this.isOver) this.rebuildAfter(cause);
      },
    };
  }

  /** Looks for the partition whose batch cannot be read, and lets it stand still once it is found. */
  private look(cause: Error): void {
    const why = undecodableCause(cause);
    if (why === undefined) return;
    const guilty = this.isolation.blame();
    if (guilty === undefined) {
      this.isolation.begin();
      return;
    }
    const what = `Partition ${guilty} of group '${this.groupId}' stands still, for it holds what cannot be read: ${why}`;
    const error = new MultiBrokerError('MULTI_BROKER_CONSUMER_HALTED', what, { broker: this.host.io.broker, cause });
    this.halted.set(guilty, error);
    this.host.io.log.error(error.message);
  }

  private failure(readers: readonly Reader[], cause: Error): Error {
    if (isMultiBrokerError(cause)) return cause;
    const sources = readers.map(({ spec }) => spec.name).join(', ');
    const what = `Broker '${this.host.io.broker}' could not read ${sources}: ${cause.message}`;
    return new MultiBrokerError('MULTI_BROKER_SUBSCRIBE_FAILED', what, { broker: this.host.io.broker, cause });
  }
}

const topicsOf = (readers: readonly Reader[]): string[] =>
  readers.flatMap(({ spec: { topic } }) => (typeof topic === 'string' ? [topic] : []));

/** A time-out says nothing of what was waited for. */
function withComplaint(cause: Error, complaint: string | undefined): Error {
  if (complaint === undefined || isMultiBrokerError(cause)) return cause;
  return new Error(`${cause.message} (kafkajs: ${complaint})`, { cause });
}
