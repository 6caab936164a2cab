export { Ailments } from './ailments.js';
export type { Binding, DeliveryContext, FieldOf, Forward, HandlerResult, ResultItem, Route } from './binding.js';
export type { Counts, DeliveryHost, Outlet } from './delivery-host.js';
export { DeliveredMessage } from './delivered-message.js';
export { DeliverySink } from './delivery-sink.js';
export { CORRELATION_ID, ERROR } from './headers.js';
export { Outbox, type OutboxHost, type Parcel } from './outbox.js';
export { isRejection, markRejection } from './rejection.js';
export { Turns } from './turns.js';
