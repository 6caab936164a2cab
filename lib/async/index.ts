// Time, waiting and the event loop. The lowest layer: it imports nothing else of the library.
export { Backoff, doubled } from './backoff.js';
export { BatchQueue } from './batch-queue.js';
export { type Clock, realNow, realSleep, sleep, systemClock } from './clock.js';
export { Deadline, onAbort, untilAborted, within, LazyAbortController } from './deadline.js';
export { afterTurn, nextTurn, oncePerTurn, TurnBudget } from './event-loop.js';
export { Fifo } from './fifo.js';
export { InProgress } from './in-progress.js';
export { NumberMap } from './number-map.js';
export { Serial, Waiters } from './waiters.js';
export { abandon, abandonWithin, calledForEach, isThenable } from './thenable.js';
