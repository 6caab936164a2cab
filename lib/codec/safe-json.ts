import { phrase } from '../errors/index.js';
/** The JSON contains a key that would change a prototype. */
export class PoisonedJson extends SyntaxError {}

/**
 * `JSON.parse` that refuses prototype poisoning: an own `__proto__` key, or `constructor.prototype`. `Object.assign` of
 * such a value sets the prototype of its target. A cheap search of the text usually saves walking the value.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (mayBePoison(text)) refusePoison(value);
  return value;
}

/** Both keys hold `proto`, unless written by escapes. `indexOf` is faster than `includes` (Node 20 to 26). */
function mayBePoison(text: string): boolean {
  return text.indexOf('proto') >= 0 || text.indexOf('\\u') >= 0;
}

function refusePoison(value: unknown): void {
  const open: unknown[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    if (Object.hasOwn(next, '__proto__') || hasConstructorPrototype(next)) {
      throw new PoisonedJson('The JSON contains a key that would change a prototype');
    }
    for (const inner of Object.values(next)) if (inner !== undefined) open.push(inner);
  }
}

function hasConstructorPrototype(value: object): boolean {
  if (!Object.hasOwn(value, 'constructor')) return false;
  const inner: unknown = (value as { constructor: unknown }).constructor;
  return typeof inner === 'object' && inner !== null && Object.hasOwn(inner, 'prototype');
}

/** Up to this length a number has at most 15 digits, which a JavaScript number represents exactly. */
const SURE = 15;

/** Whether the parsed number equals the written one to the last digit. */
export function keepsDigits(written: string, value: number): boolean {
  if (written.length <= SURE && !/e/i.test(written)) return true;
  return canonical(written.trim()) === canonical(String(value));
}

/** The significant digits and the exponent: the same for `1.50`, `1.5` and `15e-1`. */
function canonical(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return text === 'Infinity' || text === '-Infinity' ? text : '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/**
 * Types that JSON writes as `{}`, or as an object of numbered bytes: an unawaited promise, a generator, a Map, an Error.
 * An object with `toJSON` is exempt.
 */
const LOST =
  /^\[object (Promise|.*Generator|.* Iterator|Map|Set|WeakMap|WeakSet|WeakRef|.*Error|DOMException|RegExp|Blob|File|DataView|.*Array|ArrayBuffer|SharedArrayBuffer)\]$/;

/** `new Number(1)` is written as 1. */
const BOXED = /^\[object (Number|String|Boolean)\]$/;

/**
 * Throws if part of the payload, at any depth, would be lost silently. It runs after JSON.stringify, so the payload has no
 * cycles, and the text shows whether there is anything to look for: walking every payload took half as long as
 * JSON.stringify. An object with fields of its own, such as an Error, is checked only if it is the payload itself.
 */
export function refuseLost(payload: unknown, written: string): void {
  if (typeof payload !== 'object' || payload === null) return;
  // A lost value is written as {}, or as its bytes by index.
  if (written.indexOf('{}') >= 0 || written.indexOf('{"0":') >= 0) look(payload);
  else if (Object.getPrototypeOf(payload) !== Object.prototype && !Array.isArray(payload)) lookAt(payload);
}

/**
 * Walks the values recursively. A replacer for JSON.stringify takes ten times as long, and `for in` on Node 20 twice as
 * long on objects made by a spread.
 */
function look(value: object): void {
  if (Array.isArray(value)) {
    for (const inner of value as readonly unknown[]) if (typeof inner === 'object' && inner !== null) look(inner);
    return;
  }
  if (!lookAt(value)) return;
  for (const inner of Object.values(value) as unknown[]) if (typeof inner === 'object' && inner !== null) look(inner);
}

/** Returns false for an object with `toJSON`, which decides itself what is written. */
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
    throw new TypeError(phrase('notInJson', { tag }));
}
