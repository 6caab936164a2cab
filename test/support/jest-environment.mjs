import asyncHooks from 'node:async_hooks';
import { setImmediate } from 'node:timers/promises';
import { TestEnvironment } from 'jest-environment-node';

const { AsyncLocalStorage } = asyncHooks;
/** A getter since Node 22. */
const asNodeHasIt = Object.getOwnPropertyDescriptor(asyncHooks, 'AsyncLocalStorage');
const storages = [];

/** Each test file has a library of its own. Node 20 and 22 ask all its storages, and those of earlier files, for each promise. */
class FileStorage extends AsyncLocalStorage {
  constructor(...args) {
    super(...args);
    storages.push(this);
  }
}

const asTestsHaveIt = { value: FileStorage, configurable: true, enumerable: true };

/**
 * Node's environment, in which a rejection that nobody handled fails the test file. Jest looks for them only while a
 * test runs; what rejects after the last test would go unseen.
 */
export default class StrictEnvironment extends TestEnvironment {
  #rejections = new Map();
  #onRejection = (reason, promise) => this.#rejections.set(promise, reason);
  #onHandled = (promise) => this.#rejections.delete(promise);

  async setup() {
    await super.setup();
    Object.defineProperty(asyncHooks, 'AsyncLocalStorage', asTestsHaveIt);
    process.on('unhandledRejection', this.#onRejection);
    process.on('rejectionHandled', this.#onHandled);
  }

  async teardown() {
    await setImmediate();
    process.off('unhandledRejection', this.#onRejection);
    process.off('rejectionHandled', this.#onHandled);
    await super.teardown();
    Object.defineProperty(asyncHooks, 'AsyncLocalStorage', asNodeHasIt);
    for (const storage of storages.splice(0)) storage.disable();
    if (this.#rejections.size > 0) {
      throw new AggregateError([...this.#rejections.values()], `${this.#rejections.size} unhandled rejection(s)`);
    }
  }
}
