export type { DriverPromise } from './promise.js';
export {
  type ConformanceOptions,
  type ConformanceReport,
  conformanceSuite,
  driverPromises,
  type SkipFunction,
  type TestFunction,
} from './suite.js';
export { formatTable, type PromiseRow } from './table.js';
export type { ConformanceFeatures, ConformanceTarget, Doomed, Place, PlaceOptions, Unsteady } from './target.js';
