import type { Binding } from '../delivery/index.js';
import type { BindingPlan } from './binding.js';
import type { HandlerDeclaration } from './declaration.js';
import type { ResolvedHandlerOptions } from './options.js';

/** A declaration, bound to its broker. */
export interface Bound {
  readonly declaration: HandlerDeclaration;
  readonly binding: Binding;
  readonly plan: BindingPlan;
  /** With the defaults of its broker. */
  readonly options: ResolvedHandlerOptions;
}
