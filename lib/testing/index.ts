export type {
  DeliveryAttempt,
  DeliveryFilter,
  DeliveryOutcome,
  DeliveryRecord,
  ParkedLetter,
} from './delivery-record.js';
export type { HandlerMock, MockResult, AnyClass } from './handler-mocks.js';
export { type HarnessClock, type MethodOf, MultiBrokerHarness, type PayloadOf } from './harness.js';
export type { PendingItem, PendingReason } from './pending.js';
export type { PublishedMessage } from './published-message.js';
export { MultiBrokerTestingModule } from './testing.module.js';
export type { TestingOptions } from './testing-options.js';
export type { Timeline, TimelineDelivery, TimelineMessage } from './timeline.js';
export type { BrokerFault, CrashPoint, FailPublish } from '../twin/index.js';
