import { setMaxListeners } from 'node:events';

/**
 * An AbortController whose signal is made when somebody asks for it: a signal, its listeners and its end take several
 * microseconds, and most lanes and deadlines end without anybody having looked.
 */
export class LazyAbortController {
  #controller: AbortController | undefined;
  #why: (() => unknown) | undefined;
  #listeners: Set<() => void> | undefined;

  /** Made when it is first asked for. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      // As many as there are brokers, or messages that wait: beyond ten of them Node 20 would warn of a leak.
      setMaxListeners(Infinity, this.#controller.signal);
      if (this.#why !== undefined) this.#controller.abort(this.#why());
    }
    return this.#controller.signal;
  }

  /** As the signal tells it. */
  get aborted(): boolean {
    return this.#why !== undefined;
  }

  /** Calls the listener when it aborts; the returned function takes that back. For one that is not aborted. */
  onAbort(listener: () => void): () => void {
    const listeners = (this.#listeners ??= new Set());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Once; `why` makes the signal's reason, where there is a signal. */
  abort(why: () => unknown): void {
    if (this.aborted) return;
    this.#why = why;
    this.#controller?.abort(why());
    for (const listener of this.#listeners ?? []) listener();
    this.#listeners = undefined;
  }
}
