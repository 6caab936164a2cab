import { isThenable } from '../async/index.js';
import { asError } from '../errors/index.js';
import { bestEffortOf } from './best-effort.js';
import type { ResultItem, Route } from './binding.js';
import type { Origin } from './encode.js';
import type { LaneContext } from './lane-context.js';

/** What `admit` of a route gives for an item that it does not publish. */
export const NOT_PUBLISHED = Symbol('not published');

/** The payloads that each route publishes, by route and item: those of the schemas, or {@link NOT_PUBLISHED}. */
export type AdmittedPayloads = readonly (readonly unknown[])[];

/** The result whose items are asked about. */
interface Asked extends Pick<Origin, 'handler' | 'context'> {
  readonly from: LaneContext;
}

/**
 * Asks every route about every item before anything is published, as a result that one schema refuses must not be
 * published by another route, and of several items not by half. A promise if a schema gives one. Throws, or rejects
 * with, the first refusal.
 */
export function admittedPayloads(
  items: readonly ResultItem[],
  plan: Asked,
): AdmittedPayloads | Promise<AdmittedPayloads> {
  const asking = new Asking(plan);
  const asked = plan.from.binding.routes.map((route) => items.map((item) => asking.ask(route, item)));
  if (!asked.some((payloads) => payloads.some(isThenable))) return asking.answered(asked);
  return Promise.all(asked.map((payloads) => Promise.all(payloads))).then((payloads) => asking.answered(payloads));
}

/** Collects the first refusal, so that a promise that is rejected later is not left unhandled. */
class Asking {
  private refusal: Error | undefined;

  constructor(private readonly plan: Asked) {}

  ask(route: Route, item: ResultItem): unknown {
    if (route.admit === undefined) return item.payload;
    const refused = (thrown: unknown): typeof NOT_PUBLISHED => this.refuse(route, asError(thrown));
    try {
      const payload = route.admit(item.payload, this.plan.context);
      return isThenable(payload) ? Promise.resolve(payload).catch(refused) : payload;
    } catch (thrown) {
      return refused(thrown);
    }
  }

  answered(payloads: AdmittedPayloads): AdmittedPayloads {
    if (this.refusal !== undefined) throw this.refusal;
    return payloads;
  }

  /** A failure of a best-effort route is not the message's. */
  private refuse(route: Route, error: Error): typeof NOT_PUBLISHED {
    const { handler, from } = this.plan;
    if (route.bestEffort === true) bestEffortOf(route, handler, from.host).failed(error);
    else this.refusal ??= error;
    return NOT_PUBLISHED;
  }
}
