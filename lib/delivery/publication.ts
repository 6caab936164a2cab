import { abandonWithin, calledForEach } from '../async/index.js';
import type { DestinationSpec, Incoming, Outcome, Outgoing } from '../driver/index.js';
import { asError, publishErrorOf } from '../errors/index.js';
import { type AdmittedPayloads, admittedPayloads, NOT_PUBLISHED } from './admission.js';
import { bestEffortOf } from './best-effort.js';
import type { Binding, DeliveryContext, ResultItem, Route } from './binding.js';
import type { Outlet } from './delivery-host.js';
import { ownDedupeId } from './dedupe-id.js';
import { encodeItem, type Origin } from './encode.js';
import { hopsOf } from './headers.js';
import type { LaneContext } from './lane-context.js';
import {
  FIRST_ITEM,
  publisherOf,
  type Publishing,
  SinglePublication,
  targetOf,
  type Unconfirmed,
} from './single-publication.js';

/** The routes of a result, and the origin of its items. */
export class PublicationPlan implements Origin {
  readonly hops: string;
  readonly binding: Binding;

  constructor(
    /** Where the message came from, for health. */
    readonly from: LaneContext,
    readonly context: DeliveryContext,
    readonly incoming: Incoming,
    hops = hopsOf(context.textHeaders),
  ) {
    this.binding = from.binding;
    this.hops = String(hops + 1);
  }

  get handler(): string {
    return this.binding.handler;
  }

  /**
   * What follows the message's id in a dedupe id. Together they are the same for every delivery of this item of this
   * message to this publisher of this binding, and no other's: two outputs that share an id are taken for one, and the
   * second is swallowed as a success.
   */
  publisher(route: number, item: number): string {
    const first = publisherOf(this.binding);
    return route + item === 0 ? first : `${first.slice(0, -FIRST_ITEM.length)}${String(route)}/${String(item)}`;
  }
}

/**
 * Publishes the items of one result: to the publisher closest to the method first, all items in order; to the next one
 * when all are confirmed. `done` is called once, with the first error or without. It retries nothing, as every publish
 * is persistent.
 */
export class Publication implements Unconfirmed {
  private route = 0;
  private open = 0;
  private error: Error | undefined;
  private sent: readonly DestinationSpec[] = [];
  private admitted: AdmittedPayloads | undefined;

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

  /** Sends to the first route, once all of them have admitted the items. May call `done` before it returns. */
  start(): void {
    if (this.plan.binding.admits === undefined) {
      this.next();
      return;
    }
    const failed = (thrown: unknown): void => this.done(asError(thrown));
    const go = (admitted: AdmittedPayloads): void => {
      this.admitted = admitted;
      this.next();
    };
    try {
      const ready = inOrderOfSource(admittedPayloads(this.items, this.plan), this.plan);
      if (ready instanceof Promise) void ready.then(go, failed);
      else go(ready);
    } catch (thrown) {
      failed(thrown);
    }
  }

  /** Sends to the next route, or ends. May call `done` before it returns. */
  private next(): void {
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
      for (const item of this.items) abandonWithin({ ...item });
      this.done(asError(thrown));
    }
  }

  /** Best effort: not awaited, and its failures are not the message's. */
  private sendOnce(route: Route): void {
    const index = this.route++;
    const effort = bestEffortOf(route, this.plan.handler, this.plan.from.host);
    const failed = (thrown: unknown): void => effort.failed(asError(thrown));
    this.items.forEach((item, position) => {
      const payload = this.payloadOf(item, index, position);
      if (payload === NOT_PUBLISHED) return;
      if (effort.isFull) {
        effort.tooMany();
        return;
      }
      try {
        const outlet = outletOf(route, this.plan);
        const made = prepare(item, payload, route, outlet, this.plan, index, this.firstItem + position);
        const send = ({ to, message }: Prepared): void => {
          effort.sent();
          outlet.send(to, { message, persistent: false, done: (outcome) => effort.over(outcome) });
        };
        const ready = outlet.encodings.inOrder(route, made);
        if (ready instanceof Promise) void ready.then(send).catch(failed);
        else send(ready);
      } catch (thrown) {
        abandonWithin({ ...item });
        failed(thrown);
      }
    });
  }

  /** All items are encoded before the first is sent: if one cannot be, none of this route is. */
  private sendAll(route: Route): void {
    const outlet = outletOf(route, this.plan);
    const index = this.route++;
    const made = together(this.prepareAll(route, outlet, index));
    const send = (prepared: readonly Prepared[]): void => {
      if (prepared.length === 0) {
        this.next();
        return;
      }
      this.open = prepared.length;
      this.sent = prepared.map(({ to }) => to);
      for (const { to, message } of prepared) {
        outlet.send(to, { message, persistent: true, from: this.plan.from, done: this.confirmed });
      }
    };
    const ready = outlet.encodings.inOrder(route, made);
    if (ready instanceof Promise) void ready.then(send).catch((thrown: unknown) => this.done(asError(thrown)));
    else send(ready);
  }

  private prepareAll(route: Route, outlet: Outlet, index: number): (Prepared | Promise<Prepared>)[] {
    const admitted = this.admitted?.[index];
    const make = (item: ResultItem, payload: unknown, position: number): Prepared | Promise<Prepared> =>
      prepare(item, payload, route, outlet, this.plan, index, this.firstItem + position);
    if (admitted === undefined) return calledForEach(this.items, (item, at) => make(item, item.payload, at));
    const places = this.items.flatMap((item, at) => (admitted[at] === NOT_PUBLISHED ? [] : [{ item, at }]));
    return calledForEach(places, ({ item, at }) => make(item, admitted[at], at));
  }

  private payloadOf(item: ResultItem, index: number, position: number): unknown {
    return this.admitted === undefined ? item.payload : this.admitted[index]?.[position];
  }

  private readonly confirmed = (outcome: Outcome): void => {
    if ('error' in outcome) this.error ??= outcome.error;
    if (--this.open === 0) this.next();
  };
}

/**
 * Publishes one item to the only publisher, as most results are.
 *
 * @throws MultiBrokerError for an item that cannot be encoded, or a broker that is not connected
 */
export function publishOnly(item: ResultItem, route: Route, plan: PublicationPlan, over: Publishing): Unconfirmed {
  const outlet = outletOf(route, plan);
  const ready = outlet.encodings.inOrder(route, prepare(item, item.payload, route, outlet, plan, 0, 0));
  const send = ({ to, message }: Prepared): SinglePublication => SinglePublication.send(message, to, outlet, over);
  return ready instanceof Promise ? new EncodedLater(ready.then(send), over) : send(ready);
}

/** A publication whose codec returns a promise. */
class EncodedLater implements Unconfirmed {
  private sent: SinglePublication | undefined;

  constructor(sent: Promise<SinglePublication>, over: Publishing) {
    void sent
      .then((publication) => {
        this.sent = publication;
      })
      .catch((thrown: unknown) => over.published(asError(thrown)));
  }

  get target(): string {
    return this.sent?.target ?? 'nowhere yet, as its codec is at work';
  }
}

interface Prepared {
  readonly to: DestinationSpec;
  readonly message: Outgoing;
}

/** Those by hand come before those of the message, if the item is of one. */
function paramsOf({ params, ofBatch }: ResultItem, { context }: PublicationPlan): Readonly<Record<string, string>> {
  if (ofBatch === true) return { ...params };
  return params === undefined ? context.params : { ...context.params, ...params };
}

/** @param index the place of the route among those of the binding */
function prepare(
  item: ResultItem,
  payload: unknown,
  route: Route,
  outlet: Outlet,
  plan: PublicationPlan,
  index: number,
  position: number,
): Prepared | Promise<Prepared> {
  let to = outlet.resolve(item.destination ?? route.destination);
  if (to.fill !== undefined) to = to.fill(paramsOf(item, plan));
  const own = route.dedupeId === undefined ? undefined : ownDedupeId(item, to, route, plan);
  const publisher = own === undefined && to.dedupes ? plan.publisher(index, position) : undefined;
  const message = encodeItem(item, payload, { to, route, outlet, dedupeId: own, publisher }, plan);
  return message instanceof Promise ? message.then((made) => ({ to, message: made })) : { to, message };
}

/** Synchronous where no codec returned a promise, so that nothing overtakes. */
function together(made: readonly (Prepared | Promise<Prepared>)[]): readonly Prepared[] | Promise<readonly Prepared[]> {
  const later = made.some((one) => one instanceof Promise);
  return later ? Promise.all(made.map(async (one) => one)) : (made as readonly Prepared[]);
}

/** Asynchronous schemas of one binding keep the order of the results. The source's own broker is always there. */
function inOrderOfSource<T>(made: T | Promise<T>, { binding, from }: PublicationPlan): T | Promise<T> {
  return from.host.outlet(binding.broker)?.encodings.inOrder(binding, made) ?? made;
}

function outletOf(route: Route, plan: PublicationPlan): Outlet {
  const outlet = plan.from.host.outlet(route.broker);
  if (outlet !== undefined) return outlet;
  const params = { broker: route.broker, handler: plan.handler };
  throw publishErrorOf('MULTI_BROKER_NOT_CONNECTED.absentTarget', params, { written: 'no' });
}
