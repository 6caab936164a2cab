/**
 * What JSON writes as `{}`, or as an object of numbered bytes: a promise that nobody awaited, a generator, a Map, an
 * Error. An object that has `toJSON` says itself what is written of it.
 */
const LOST =
  /^\[object (Promise|.*Generator|.* Iterator|Map|Set|WeakMap|WeakSet|WeakRef|.*Error|DOMException|RegExp|Blob|File|DataView|.*Array|ArrayBuffer|SharedArrayBuffer)\]$/;

/** `new Number(1)` is written as 1. */
const BOXED = /^\[object (Number|String|Boolean)\]$/;

/**
 * Throws where something of the payload, at any depth, would be lost without a word. To be called once it is written:
 * it is then no circle.
 */
export function refuseLost(payload: unknown): void {
  if (typeof payload === 'object' && payload !== null) look(payload);
}

/** By `for in` and a look at the prototype: a replacer for JSON.stringify takes ten times as long. */
function look(value: object): void {
  if (Array.isArray(value)) {
    for (const inner of value as readonly unknown[]) if (typeof inner === 'object' && inner !== null) look(inner);
    return;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return;
    refuseTagged(value);
  }
  for (const name in value) {
    const inner = (value as Record<string, unknown>)[name];
    if (typeof inner === 'object' && inner !== null) look(inner);
  }
}

function refuseTagged(value: object): void {
  const tag = value instanceof Error ? '[object Error]' : Object.prototype.toString.call(value);
  if (tag === '[object Object]') return;
  if (LOST.test(tag) || (!BOXED.test(tag) && Object.keys(value).length === 0))
    throw new TypeError(`JSON has no form for ${tag}: nothing of it would be written`);
}
