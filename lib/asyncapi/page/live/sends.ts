import type { ObservedSend, SendObserver, SendOutcome } from '../../../delivery/index.js';

/** Publishes to one place. */
export interface SendCounts {
  readonly broker: string;
  readonly address: string;
  /** In the words of its system, which tell apart what has one address; undefined of a path that each message fills. */
  readonly name: string | undefined;
  readonly sent: number;
  readonly failed: number;
}

/** The most addresses: code may make their names from data, without limit. */
const MOST = 500;

/** Counts publishes while somebody looks at the page. */
export class Sends implements SendObserver {
  private readonly addresses = new Map<string, { -readonly [Field in keyof SendCounts]: SendCounts[Field] }>();

  all(): readonly SendCounts[] {
    return Array.from(this.addresses.values(), (one) => ({ ...one }));
  }

  sending(): void {
    // Counted when it has ended.
  }

  sent({ broker, to, isReply }: ObservedSend, { error }: SendOutcome): void {
    if (isReply) return;
    const address = to.template ?? to.address;
    const name = to.template === undefined ? to.name : undefined;
    const key = `${broker}\n${name ?? address}`;
    const counts = this.addresses.get(key) ?? { broker, address, name, sent: 0, failed: 0 };
    if (this.addresses.size >= MOST && !this.addresses.has(key)) return;
    this.addresses.set(key, counts);
    if (error === undefined) counts.sent++;
    else counts.failed++;
  }
}
