import type { GroupJoin } from '../client/consumer-port.js';

/** A partition of this member, and where it is read. */
export class FetchPosition {
  /** The offset to fetch next; undefined until it is known. */
  next: number | undefined;
  /** Counts what makes a fetch on its way worthless. */
  version = 0;
  /** A batch of it is being taken. */
  isBusy = false;
  /** The server has lost its offset: it begins at the oldest record, whatever is committed. */
  fromOldest = false;
  /** The id of its topic: one that was deleted and made again has another. */
  topicId: string | undefined;

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  get key(): string {
    return keyOf(this.topic, this.partition);
  }

  seek(offset: number): void {
    this.next = offset;
    this.version++;
    this.fromOldest = false;
  }

  /** To the oldest record. */
  rewind(): void {
    this.next = undefined;
    this.version++;
    this.fromOldest = true;
  }
}

/** The partitions of a member; with those that are paused, whether it has them or not. */
export class FetchPositions {
  private all = new Map<string, FetchPosition>();
  private memberId = '';
  private readonly paused = new Set<string>();
  /** Of partitions that it does not have yet. */
  private readonly sought = new Map<string, number>();

  [Symbol.iterator](): Iterator<FetchPosition> {
    return this.all.values();
  }

  has(position: FetchPosition): boolean {
    return this.all.get(position.key) === position;
  }

  /**
   * Under a new id, or after a generation without it, another member may have gone on with the partition: what is committed
   * decides.
   */
  assign({ memberId, assignment, hasSkipped }: Pick<GroupJoin, 'memberId' | 'assignment' | 'hasSkipped'>): void {
    const isSame = memberId === this.memberId && hasSkipped !== true;
    const before = isSame ? this.all : new Map<string, FetchPosition>();
    this.memberId = memberId;
    this.all = new Map();
    for (const [topic, partitions] of Object.entries(assignment))
      for (const partition of partitions) this.add(before.get(keyOf(topic, partition)) ?? this.make(topic, partition));
  }

  seek(topic: string, partition: number, offset: number): void {
    const position = this.all.get(keyOf(topic, partition));
    if (position === undefined) this.sought.set(keyOf(topic, partition), offset);
    else position.seek(offset);
  }

  pause(topic: string, partition: number): void {
    this.paused.add(keyOf(topic, partition));
  }

  resume(topic: string, partition: number): boolean {
    return this.paused.delete(keyOf(topic, partition));
  }

  isPaused({ key }: FetchPosition): boolean {
    return this.paused.has(key);
  }

  private add(position: FetchPosition): void {
    this.all.set(position.key, position);
  }

  private make(topic: string, partition: number): FetchPosition {
    const position = new FetchPosition(topic, partition);
    const offset = this.sought.get(position.key);
    if (offset !== undefined) position.seek(offset);
    this.sought.delete(position.key);
    return position;
  }
}

/** `topic/partition`: a topic's name holds no slash. */
const keyOf = (topic: string, partition: number): string => `${topic}/${partition}`;
