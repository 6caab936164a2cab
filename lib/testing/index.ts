export type { HandlerMock, MockResult } from './handler-mock.js';
export { type HarnessClock, type MethodOf, MultiBrokerHarness } from './harness.js';
export type { PublishedMessage } from './published.js';
export { MultiBrokerTestingModule } from './testing.module.js';
export type { TestingOptions } from './testing-options.js';
