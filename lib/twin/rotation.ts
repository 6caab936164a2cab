import { IN_ORDER, type Random, shuffled } from './random.js';

/** Members that take turns, or with a seed are drawn: a queue group, or the readers of one shared consumer. */
export class Rotation<T> {
  readonly #members: T[] = [];
  #turn = 0;

  constructor(private readonly random: Random = IN_ORDER) {}

  get size(): number {
    return this.#members.length;
  }

  join(member: T): void {
    this.#members.push(member);
  }

  /** Whose turn it was keeps its order; a member that is not in it is no error. */
  leave(member: T): void {
    const place = this.#members.indexOf(member);
    if (place < 0) return;
    this.#members.splice(place, 1);
    if (place < this.#turn) this.#turn--;
    if (this.#turn >= this.#members.length) this.#turn = 0;
  }

  /** The next in turn that can, whose turn is over then; undefined where none can. */
  next(can: (member: T) => boolean = always): T | undefined {
    const member = this.inTurn().find(can);
    if (member !== undefined) this.took(member);
    return member;
  }

  /** All, the one whose turn it is first; with a seed as they are drawn. */
  inTurn(): readonly T[] {
    if (this.random !== IN_ORDER) return shuffled(this.#members, this.random);
    if (this.#turn === 0) return this.#members;
    return [...this.#members.slice(this.#turn), ...this.#members.slice(0, this.#turn)];
  }

  /** The member had its turn, whether or not it was the next. */
  took(member: T): void {
    this.#turn = (this.#members.indexOf(member) + 1) % this.#members.length;
  }

  /** In the order in which they joined. */
  members(): readonly T[] {
    return this.#members;
  }
}

function always(): true {
  return true;
}
