/** Members that take turns: a queue group, or the readers of one shared consumer. */
export class Rotation<T> {
  readonly #members: T[] = [];
  #turn = 0;

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

  /** All, the one whose turn it is first. */
  inTurn(): readonly T[] {
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
