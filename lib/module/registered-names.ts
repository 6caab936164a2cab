/** Names of the brokers that definitions modules have registered. Nest makes these modules at once, in no order. */
export class RegisteredNames {
  private readonly names = new Set<string>();
  private readonly waiting = new Map<string, (() => void)[]>();

  has(name: string): boolean {
    return this.names.has(name);
  }

  add(name: string): void {
    this.names.add(name);
    for (const resolve of this.waiting.get(name) ?? []) resolve();
    this.waiting.delete(name);
  }

  /** Resolves once it is registered. */
  when(name: string): Promise<void> {
    if (this.has(name)) return Promise.resolve();
    return new Promise((resolve) => this.waiting.set(name, [...(this.waiting.get(name) ?? []), resolve]));
  }
}
