import { isThenable } from '../async/index.js';
import type { Incoming, Lane } from '../driver/index.js';
import { failurePolicyOf, REJECTED } from './ack-policy.js';
import type { Binding, DeliveryContext, Taker } from './binding.js';
import { CallBudget } from './side-by-side/index.js';
import { type DeliveryHost, hostOf } from './delivery-host.js';
import type { Disposition } from './disposition.js';
import type { Choice, FailedDelivery, Failure, FailurePolicy, LaneContext, Sharing } from './lane-context.js';
import { PlainRoute } from './plain-route.js';
import { Responder } from './responder.js';

/** A binding of a sink, with what its deliveries share on all lanes. */
export interface Bound {
  readonly binding: Binding;
  readonly host: DeliveryHost;
  readonly policy: FailurePolicy;
  readonly plain?: PlainRoute | undefined;
  /** Of running calls. */
  readonly budget?: CallBudget | undefined;
  /** The handlers that share its source. */
  readonly takers?: readonly BoundTaker[] | undefined;
}

interface BoundTaker extends Omit<Bound, 'takers' | 'budget'> {
  readonly wants: Taker['wants'];
}

export function boundOf(binding: Binding, host: DeliveryHost): Bound {
  const takers = binding.takers?.map(({ binding: own, wants }) => {
    const policy = failurePolicyOf(own);
    const settling = own.ack === 'ack-first' ? new RejectUnsettled(policy) : policy;
    const ownHost = hostOf(own, host);
    return { binding: own, host: ownHost, policy: settling, plain: PlainRoute.of(own, ownHost), wants };
  });
  const total = binding.sideBySide?.total;
  const budget = total === undefined ? undefined : new CallBudget(total);
  const own = hostOf(binding, host);
  return { binding, host: own, policy: failurePolicyOf(binding), plain: PlainRoute.of(binding, own), budget, takers };
}

/** Settings and services of a lane; where several handlers share its source, with those of each. */
export function laneContext(lane: Lane, { takers, ...bound }: Omit<Bound, 'budget'>): LaneContext {
  if (takers === undefined) return { lane, ...bound, responder: new Responder(bound) };
  const members = takers.map(({ wants, ...own }) => ({ wants, on: { lane, ...own, responder: new Responder(own) } }));
  return { lane, ...bound, responder: new SharedResponder(bound, members), shared: new SharedSource(members) };
}

/** One of the handlers of a source, on one lane. */
interface Member {
  readonly on: LaneContext;
  readonly wants: Taker['wants'];
}

/** The handlers of one source on one lane: the first that wants a message takes it. */
class SharedSource implements Sharing {
  constructor(private readonly members: readonly Member[]) {}

  choose(context: DeliveryContext, place = 0): Choice | undefined | Promise<Choice | undefined> {
    const member = this.members[place];
    if (member === undefined) return undefined;
    try {
      const wanted = member.wants(context);
      if (isThenable(wanted)) return this.chooseLater(member, wanted, context, place);
      return wanted ? member : this.choose(context, place + 1);
    } catch (thrown) {
      return { on: member.on, failed: { thrown } };
    }
  }

  private async chooseLater(
    member: Member,
    wanted: PromiseLike<boolean>,
    context: DeliveryContext,
    place: number,
  ): Promise<Choice | undefined> {
    try {
      if (await wanted) return member;
    } catch (thrown) {
      return { on: member.on, failed: { thrown } };
    }
    return this.choose(context, place + 1);
  }
}

/**
 * For `ack-first`: a message is acked once a handler has taken it. One whose choice has failed for good is settled all
 * the same, or it would never be.
 */
class RejectUnsettled implements FailurePolicy {
  constructor(private readonly policy: FailurePolicy) {}

  async onFailure(failure: Failure, delivery: FailedDelivery): Promise<Disposition> {
    const decided = await this.policy.onFailure(failure, delivery);
    return decided.kind === 'leave' && decided.reason === 'policy' && !delivery.settled ? REJECTED : decided;
  }
}

/** Answers for handlers that share a source while none has taken the message. */
class SharedResponder extends Responder {
  constructor(
    owner: { readonly binding: Binding; readonly host: DeliveryHost },
    private readonly members: readonly Member[],
  ) {
    super(owner);
  }

  override mayAnswer(message: Incoming): boolean {
    return this.members.some(({ on }) => on.responder.mayAnswer(message));
  }

  override answersFailures(message: Incoming): boolean {
    return this.members.some(({ on }) => on.responder.answersFailures(message));
  }
}
