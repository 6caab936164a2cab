import type { DestinationSpec, Incoming, Outcome, Outgoing } from '../driver/index.js';
import { asError, PublishError } from '../errors/index.js';
import { bestEffortOf } from './best-effort.js';
import type { Binding, DeliveryContext, ResultItem, Route } from './binding.js';
import type { DeliveryHost, Outlet } from './delivery-host.js';
import { encodeItem, type Origin } from './encode-item.js';
import { hopsOf } from './headers.js';
import type { LaneOwner } from './lane-owner.js';
import type { Parcel } from './parcel.js';
import type { PublishSource } from './publish-backlog.js';

/** Where the items of a result go, and what they say of their origin. */
export class PublicationPlan implements Origin {
  readonly hops: string;

  constructor(
    readonly owner: LaneOwner,
    readonly context: DeliveryContext,
    readonly incoming: Incoming,
  ) {
    this.hops = String(hopsOf(context.textHeaders) + 1);
  }

  get host(): DeliveryHost {
    return this.owner.host;
  }

  get binding(): Binding {
    return this.owner.binding;
  }

  get handler(): string {
    return this.binding.handler;
  }

  /**
   * The same for every delivery of this item of this message to this publisher of this binding, and no other's: two
   * outputs that share an id are taken for one, and the second is swallowed as a success.
   */
  dedupeId(route: number, item: number): string {
    const { handler, source } = this.binding;
    return `${this.context.message.id}/${handler}/${source.name}/${String(route)}/${String(item)}`;
  }
}

/** What is on its way and not confirmed. */
export interface Unconfirmed {
  /** Where to, in words. */
  readonly target: string;
}

/**
 * The items of one result on their way: to the publisher closest to the method first, all items in order; to the
 * next one when all are confirmed. `done` is called once, with the first error or without; never retried by itself,
 * as every parcel is persistent.
 */
export class Publication implements Unconfirmed {
  private route = 0;
  private open = 0;
  private error: Error | undefined;
  private sent: readonly DestinationSpec[] = [];

  constructor(
    private readonly items: readonly ResultItem[],
    private readonly plan: PublicationPlan,
    private readonly firstItem: number,
    private readonly done: (error: Error | undefined) => void,
  ) {}

  get target(): string {
    const route = this.plan.binding.routes[this.route - 1];
    const [to] = this.sent;
    if (route === undefined || to === undefined) return 'nowhere yet';
    return targetOf(to, route.broker, this.sent.some(({ name }) => name !== to.name) ? ' and others' : '');
  }

  /** Sends to the next route, or ends. May call `done` before it returns. */
  next(): void {
    const route = this.plan.binding.routes[this.route];
    if (this.error !== undefined || route === undefined || this.items.length === 0) {
      this.done(this.error);
      return;
    }
    if (route.bestEffort === true) {
      this.sendOnce(route);
      this.next();
      return;
    }
    try {
      this.sendAll(route);
    } catch (thrown) {
      this.done(asError(thrown));
    }
  }

  /** Nobody waits for any of it, and no failure of it is the message's. */
  private sendOnce(route: Route): void {
    const index = this.route++;
    const effort = bestEffortOf(route, this.plan.handler, this.plan.host);
    const failed = (thrown: unknown): void => {
      effort.failed(asError(thrown));
    };
    this.items.forEach((item, position) => {
      if (effort.isFull) {
        effort.tooMany();
        return;
      }
      try {
        const outlet = outletOf(route, this.plan);
        const made = prepare(item, route, outlet, this.plan, index, this.firstItem + position);
        const send = ({ to, message }: Prepared): void => {
          effort.sent();
          outlet.send(to, { message, persistent: false, done: (outcome) => { effort.over(outcome); } }); // prettier-ignore
        };
        const ready = outlet.encodings.inOrder(route, made);
        if (ready instanceof Promise) void ready.then(send).catch(failed);
        else send(ready);
      } catch (thrown) {
        failed(thrown);
      }
    });
  }

  /** All items are encoded before the first is sent: one that cannot be leaves none of this route behind it. */
  private sendAll(route: Route): void {
    const outlet = outletOf(route, this.plan);
    const index = this.route++;
    const parcels = this.items.map((item, position) => {
      return prepare(item, route, outlet, this.plan, index, this.firstItem + position);
    });
    const made = together(parcels);
    const send = (prepared: readonly Prepared[]): void => {
      this.open = prepared.length;
      this.sent = prepared.map(({ to }) => to);
      for (const { to, message } of prepared) {
        outlet.send(to, { message, persistent: true, from: this.plan.owner, done: this.confirmed });
      }
    };
    const ready = outlet.encodings.inOrder(route, made);
    if (ready instanceof Promise)
      void ready.then(send).catch((thrown: unknown) => { this.done(asError(thrown)); }); // prettier-ignore
    else send(ready);
  }

  private readonly confirmed = (outcome: Outcome): void => {
    if ('error' in outcome) this.error ??= outcome.error;
    if (--this.open === 0) this.next();
  };
}

/** Who is told that its only item is published. */
interface Publishing extends PublishSource {
  readonly binding: Binding;
  published(error: Error | undefined): void;
}

/**
 * One item to the only publisher: most results are that. It holds the encoded message and nothing else, so that
 * payload and context can go while the confirmation is awaited: thousands of them wait at a time.
 */
export class SinglePublication implements Parcel, Unconfirmed {
  readonly persistent = true;

  private constructor(
    readonly message: Outgoing,
    private readonly to: DestinationSpec,
    private readonly over: Publishing,
  ) {}

  get from(): PublishSource {
    return this.over;
  }

  /** Throws what cannot be encoded or has no way out. */
  static send(item: ResultItem, route: Route, plan: PublicationPlan, over: Publishing): Unconfirmed {
    const outlet = outletOf(route, plan);
    const ready = outlet.encodings.inOrder(route, prepare(item, route, outlet, plan, 0, 0));
    if (!(ready instanceof Promise)) return SinglePublication.sent(ready, outlet, over);
    return new EncodedLater(
      ready.then((prepared) => SinglePublication.sent(prepared, outlet, over)),
      over,
    );
  }

  private static sent({ to, message }: Prepared, outlet: Outlet, over: Publishing): SinglePublication {
    const publication = new SinglePublication(message, to, over);
    outlet.send(to, publication);
    return publication;
  }

  get target(): string {
    return targetOf(this.to, this.over.binding.routes[0]?.broker ?? '');
  }

  done(outcome: Outcome): void {
    this.over.published('error' in outcome ? outcome.error : undefined);
  }
}

/** One whose codec gives a promise. */
class EncodedLater implements Unconfirmed {
  private sent: SinglePublication | undefined;

  constructor(sent: Promise<SinglePublication>, over: Publishing) {
    void sent
      .then((publication) => {
        this.sent = publication;
      })
      .catch((thrown: unknown) => {
        over.published(asError(thrown));
      });
  }

  get target(): string {
    return this.sent?.target ?? 'nowhere yet, as its codec is at work';
  }
}

function targetOf({ name }: DestinationSpec, broker: string, others = ''): string {
  return `${name} on broker '${broker}'${others}`;
}

interface Prepared {
  readonly to: DestinationSpec;
  readonly message: Outgoing;
}

function prepare(
  item: ResultItem,
  route: Route,
  outlet: Outlet,
  plan: PublicationPlan,
  index: number,
  position: number,
): Prepared | Promise<Prepared> {
  const to = outlet.resolve(item.destination ?? route.destination);
  const dedupeId = to.dedupes ? plan.dedupeId(index, position) : undefined;
  const message = encodeItem(item, { to, route, outlet }, plan, dedupeId);
  return message instanceof Promise ? message.then((made) => ({ to, message: made })) : { to, message };
}

/** At once where no codec gave a promise, so that nothing overtakes. */
function together(made: readonly (Prepared | Promise<Prepared>)[]): readonly Prepared[] | Promise<readonly Prepared[]> {
  const later = made.some((one) => one instanceof Promise);
  return later ? Promise.all(made.map(async (one) => one)) : (made as readonly Prepared[]);
}

function outletOf(route: Route, plan: PublicationPlan): Outlet {
  const outlet = plan.host.outlet(route.broker);
  if (outlet !== undefined) return outlet;
  const what = `Broker '${route.broker}' is not there (yet); the result of ${plan.handler} was not written`;
  throw new PublishError('MULTI_BROKER_NOT_CONNECTED', what, {
    broker: route.broker,
    handler: plan.handler,
    written: 'no',
  });
}
