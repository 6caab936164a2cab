/** Why a twin's lane is lost. One for all: an abort without a reason makes an error with a stack, for each lane. */
export const LANE_ENDED = new Error('The lane ended');

/**
 * An AbortController whose signal is made when somebody asks for it. Most lanes of a test end without having carried a
 * message, and their signals would cost more than all else of their start and end.
 */
export class LaneLoss {
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(reason);
  }
}
