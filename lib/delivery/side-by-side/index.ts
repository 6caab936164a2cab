// Handlers of one lane side by side, with an order for each key.
export { CallBudget } from './call-budget.js';
export { CallsAtOnce } from './calls-at-once.js';
export { type KeySlots, KeyStrand } from './key-strand.js';
export { KeyedQueue } from './keyed-queue.js';
export { KeyedStrands } from './keyed-strands.js';
export { type CallSlots, SlotCaller } from './slot-caller.js';
