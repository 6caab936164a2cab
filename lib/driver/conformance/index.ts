export type { DriverPromise } from './promise.js';
export {
  type ConformanceOptions,
  type ConformanceReport,
  conformanceSuite,
  driverPromises,
  type SkipFunction,
  type TestFunction,
  formatTable,
  type PromiseRow,
} from './suite.js';
export type { ConformanceFeatures, ConformanceTarget, Doomed, Place, PlaceOptions, Unsteady } from './target.js';
