/**
 * What JSON writes as `{}`, or as an object of numbered bytes: a promise that nobody awaited, a generator, a Map, an
 * Error. An object that has `toJSON` says itself what is written of it.
 */
const LOST =
  /^\[object (Promise|.*Generator|.* Iterator|Map|Set|WeakMap|WeakSet|WeakRef|.*Error|DOMException|RegExp|Blob|File|DataView|.*Array|ArrayBuffer|SharedArrayBuffer)\]$/;

/** `new Number(1)` is written as 1. */
const BOXED = /^\[object (Number|String|Boolean)\]$/;

/**
 * Throws where something of the payload, at any depth, would be lost without a word. It is written by then, so it is no
 * circle, and the text tells whether there is anything to look for: a walk through each payload took as long as half
 * of JSON.stringify. What has fields of its own, as an Error may, is looked at where it is the payload itself.
 */
export function refuseLost(payload: unknown, written: string): void {
  if (typeof payload !== 'object' || payload === null) return;
  // Of what is lost nothing is written, or its bytes by their numbers.
  if (written.includes('{}') || written.includes('{"0":')) look(payload);
  else if (!Array.isArray(payload)) lookAt(payload);
}

/**
 * By the values and a look at the prototype: a replacer for JSON.stringify takes ten times as long, and on Node 20
 * `for in` twice as long on objects that a spread has made.
 */
function look(value: object): void {
  if (Array.isArray(value)) {
    for (const inner of value as readonly unknown[]) if (typeof inner === 'object' && inner !== null) look(inner);
    return;
  }
  if (!lookAt(value)) return;
  for (const inner of Object.values(value) as unknown[]) if (typeof inner === 'object' && inner !== null) look(inner);
}

/** False: what is written of it is up to itself. */
function lookAt(value: object): boolean {
  if (Object.getPrototypeOf(value) === Object.prototype) return true;
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return false;
  refuseTagged(value);
  return true;
}

function refuseTagged(value: object): void {
  const tag = value instanceof Error ? '[object Error]' : Object.prototype.toString.call(value);
  if (tag === '[object Object]') return;
  if (LOST.test(tag) || (!BOXED.test(tag) && Object.keys(value).length === 0))
    throw new TypeError(`JSON has no form for ${tag}: nothing of it would be written`);
}
