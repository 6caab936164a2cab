export type {
  Binding,
  DeliveryContext,
  FieldOf,
  Forward,
  HandlerResult,
  ResultItem,
  Route,
} from './binding.js';
export { markRejection } from './rejection.js';
