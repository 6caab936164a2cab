export { BatchFailure } from './batch-failure.js';
export { batchHandling } from './batch-binding.js';
