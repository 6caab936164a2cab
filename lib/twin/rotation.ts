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
  }

  /** The next in turn that can, or undefined where none can. */
  next(can: (member: T) => boolean = always): T | undefined {
    for (let tried = 0; tried < this.#members.length; tried++) {
      const member = this.#members[(this.#turn + tried) % this.#members.length];
      if (member === undefined || !can(member)) continue;
      this.#turn = (this.#turn + tried + 1) % this.#members.length;
      return member;
    }
    return undefined;
  }

  /** In the order in which they joined. */
  members(): readonly T[] {
    return this.#members;
  }
}

function always(): true {
  return true;
}
