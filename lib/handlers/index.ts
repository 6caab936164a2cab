export { bindingOf } from './binding-of.js';
export type { HandlerDeclaration, PublishDeclaration } from './declaration.js';
export { type Explored, HandlerExplorer } from './explorer.js';
export { isBrokerContext } from './is-broker-context.js';
export { resultItems } from './result-items.js';
export { brokersOf, checkWiring, type Wiring } from './wiring-check.js';
