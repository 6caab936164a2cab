import { type DestinationSpec, type Incoming, JsonMessage, type Outcome, type Outgoing } from '../driver/index.js';
import type { Binding } from './binding.js';
import type { Outlet, PendingPublish, PublishSource } from './delivery-host.js';

/** A publish that is not confirmed yet. */
export interface Unconfirmed {
  /** The destination in words. */
  readonly target: string;
}

/** The delivery whose only item is published. */
export interface Publishing extends PublishSource {
  readonly binding: Binding;
  published(error: Error | undefined): void;
}

/**
 * One message to the only publisher, as most results are. It holds the encoded message and nothing else, so that payload
 * and context can be collected while the confirmation is awaited: thousands of them wait at a time.
 */
export class SinglePublication implements PendingPublish, Unconfirmed {
  readonly persistent = true;

  private constructor(
    readonly message: Outgoing,
    private readonly to: DestinationSpec,
    private readonly over: Publishing,
  ) {}

  static send(message: Outgoing, to: DestinationSpec, outlet: Outlet, over: Publishing): SinglePublication {
    const publication = new SinglePublication(message, to, over);
    outlet.send(to, publication);
    return publication;
  }

  get from(): PublishSource {
    return this.over;
  }

  get target(): string {
    return targetOf(this.to, this.over.binding.routes[0]?.broker ?? '');
  }

  done(outcome: Outcome): void {
    this.over.published('error' in outcome ? outcome.error : undefined);
  }
}

/** The delivery whose only item is JSON. */
export interface JsonSource extends Publishing {
  readonly incoming: Incoming;
}

/** The same of JSON: message and publish are one object, as thousands of them wait at a time. */
export class JsonPublication extends JsonMessage implements PendingPublish, Unconfirmed {
  constructor(
    text: string,
    private readonly over: JsonSource,
    private readonly to: DestinationSpec,
    publisher: string | undefined,
    hops: string,
    correlation: string | undefined,
  ) {
    super(text, over.incoming, publisher, hops, correlation);
  }

  get message(): Outgoing {
    return this;
  }

  get persistent(): boolean {
    return true;
  }

  get from(): PublishSource {
    return this.over;
  }

  get target(): string {
    return targetOf(this.to, this.over.binding.routes[0]?.broker ?? '');
  }

  done(outcome: Outcome): void {
    this.over.published('error' in outcome ? outcome.error : undefined);
  }
}

/** A destination in words. */
export function targetOf({ name }: DestinationSpec, broker: string, others = ''): string {
  return `${name} on broker '${broker}'${others}`;
}

/** The end of {@link publisherOf}: the first item at the first publisher, as most are. */
export const FIRST_ITEM = '0/0';

/** By binding, of the first item, in one piece: joined text is copied once more. */
const publishers = new WeakMap<Binding, string>();

/** @internal What follows the message's id in the dedupe id of the first item at the first publisher. */
export function publisherOf(binding: Binding): string {
  const known = publishers.get(binding);
  if (known !== undefined) return known;
  const made = Buffer.from(`/${binding.handler}/${binding.source.name}/${FIRST_ITEM}`).toString();
  publishers.set(binding, made);
  return made;
}
