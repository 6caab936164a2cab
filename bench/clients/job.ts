/** Of one publish: as many messages leave in one request of the raw client. */
export const PUBLISHED_AT_ONCE = 1_000;

/** Of the readers: how many batches run side by side on a partition, and the most messages of each. */
export const SIDE_BY_SIDE = 8;
export const LARGEST_BATCH = 500;

/** A handler that writes a batch somewhere. */
export const write = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));
