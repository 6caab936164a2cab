export { HealthIssues } from './lane-health.js';
export { DeliveredBatch } from './batch/index.js';
export {
  type BatchBinding,
  type BatchResult,
  type Binding,
  type BindingShape,
  type DeadLetterTarget,
  type DeliveryContext,
  type ValueOrFunction,
  type ForwardOptions,
  type HandlerResult,
  handlersOf,
  type LetterOfEach,
  type ResultItem,
  type Route,
  type SideBySide,
  type Taker,
} from './binding.js';
export type { Counts, DeliveryHost, Outlet, PendingPublish } from './delivery-host.js';
export type { CallScope, DeliveryObserver, ObservedDelivery, WaitsFor } from './delivery-observer.js';
export { DeliveryTrace, outcomeOf, traced, type TracedOutcome } from './diagnostics.js';
export { observeDeliveries, observersOf } from './observe.js';
export {
  type ObservedSend,
  observeSends,
  type PublishTrace,
  requests,
  RequestTrace,
  type SendObserver,
  type SendOutcome,
} from './send-trace.js';
export { traceChannels } from './trace-channels.js';
export { DeliveredMessage } from './delivery-context.js';
export { followHandled, handledNow, unfollowHandled } from './handled-message.js';
export { DeliverySink, type WaitingLane } from './delivery-sink.js';
export type { Disposition } from './disposition.js';
export type { NextTry } from './destination-queue.js';
export { backlogIssues, type PublishBacklog, sourceIssues } from './publish-backlog.js';
export { Encodings } from './encodings.js';
export { crossing, CORRELATION_ID, ERROR, HOPS, hopsOf } from './headers.js';
export { Outbox, type OutboxHost } from './outbox.js';
export { headersThat, PublishHooks, OutgoingHeaders } from './outgoing-headers.js';
export { keyOf } from './encode.js';
export { isRejection, markRejection } from './rejection.js';
export { AckMessage, NackMessage, RejectMessage } from './thrown-settlement.js';
export * from './dead-letter/index.js';
export { decided } from './decided.js';
export { checkedKey, refusedType } from './field-checks.js';
export { NOT_PUBLISHED } from './admission.js';
export { checkedDedupeId } from './dedupe-id.js';
