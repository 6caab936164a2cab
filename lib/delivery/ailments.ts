/** No list of broken messages is longer: health is read by people. */
const MOST = 20;

/** What keeps a broker from being well, by what it is about; shown in health, removed when it is over. */
export class Ailments {
  private readonly known = new Map<unknown, string>();

  set(about: unknown, what: string): void {
    if (this.known.has(about) || this.known.size < MOST) this.known.set(about, what);
  }

  /** Looked at first where making the key would cost something. */
  get any(): boolean {
    return this.known.size > 0;
  }

  clear(about: unknown): void {
    this.known.delete(about);
  }

  list(): readonly string[] {
    return [...this.known.values()];
  }
}
