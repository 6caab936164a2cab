/** The JSON holds a key that would change a prototype. */
export class PoisonedJson extends SyntaxError {}

/**
 * `JSON.parse` that refuses what would poison a prototype: an own `__proto__` key, or `constructor.prototype`.
 * `Object.assign` of such a value sets the prototype of its target. The cheap look at the text spares the walk.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (suspicious(text)) refusePoison(value);
  return value;
}

function suspicious(text: string): boolean {
  return text.includes('__proto__') || text.includes('constructor') || text.includes('\\u');
}

function refusePoison(value: unknown): void {
  const open: unknown[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    if (Object.hasOwn(next, '__proto__') || hasConstructorPrototype(next)) {
      throw new PoisonedJson('The JSON holds a key that would change a prototype');
    }
    for (const inner of Object.values(next)) if (inner !== undefined) open.push(inner);
  }
}

function hasConstructorPrototype(value: object): boolean {
  if (!Object.hasOwn(value, 'constructor')) return false;
  const inner: unknown = (value as { constructor: unknown }).constructor;
  return typeof inner === 'object' && inner !== null && Object.hasOwn(inner, 'prototype');
}
