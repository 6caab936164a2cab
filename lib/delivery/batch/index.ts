export { BatchStrand } from './batch-strand.js';
export { DeliveredBatch } from './delivered-batch.js';
export { KeyedBatches } from './keyed-batches.js';
export { SharedBatchStrand } from './shared-batch-strand.js';
