/** Why a twin's lane is lost. One for all: an abort without a reason makes an error with a stack, for each lane. */
export const LANE_ENDED = new Error('The lane ended');
