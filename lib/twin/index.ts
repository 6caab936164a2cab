export { Deadlines } from './deadlines.js';
export { Feed } from './feed.js';
export { LANE_ENDED } from './lane-end.js';
export { Log } from './log.js';
export { Arrived, type Arrival, store, type Stored } from './message.js';
export { Rotation } from './rotation.js';
export { seedOf, withSeed } from './seed.js';
export { Turns, turnsOf, withTurns } from './turns.js';
export { type PendingTimer, VirtualClock } from './virtual-clock.js';
