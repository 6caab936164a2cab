/** Why a twin's lane is lost. One for all: an abort without a reason makes an error with a stack, for each lane. */
const LANE_ENDED = new Error('The lane ended');

/** The reason, as {@link LazyAbortController} takes it. */
export const laneEnded = (): Error => LANE_ENDED;
