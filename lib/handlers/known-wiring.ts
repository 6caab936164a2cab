import type { Binding } from '../delivery/index.js';
import type { BrokerDefinition } from '../driver/index.js';
import { type BindingPlan, planned } from './binding.js';
import type { Bound } from './bound.js';
import type { HandlerDeclaration } from './declaration.js';

/** All of a declaration that the wiring check reads; nothing that belongs to one application alone. */
type Written = Omit<HandlerDeclaration, 'call' | 'method' | 'problems'> & {
  readonly type: unknown;
  readonly name: string | undefined;
};

interface Known {
  readonly brokers: readonly BrokerDefinition[];
  readonly handlers: readonly { readonly written: Written; readonly plan: BindingPlan }[];
}

/** A test file may compile several modules of the same brokers by turns. */
const MOST = 4;

/**
 * Wirings without a problem, by the first of their brokers. All tests of a file compile the same classes with the same
 * definitions: to check their handlers again for each took a fifth of the library's share of a test module.
 */
const known = new WeakMap<BrokerDefinition, readonly Known[]>();

type Brokers = ReadonlyMap<string, BrokerDefinition>;

/** The bindings of handlers that were checked before, on the same brokers and without a problem. */
export function knownWiring(declarations: readonly HandlerDeclaration[], brokers: Brokers): Binding[] | undefined {
  const all = [...brokers.values()];
  const first = all[0] && known.get(all[0]);
  const { handlers } = first?.find((one) => isSameList(one.brokers, all) && isOf(one, declarations)) ?? {};
  return handlers?.flatMap(({ plan }, place) => {
    const declaration = declarations[place];
    return declaration === undefined ? [] : [planned(plan, declaration)];
  });
}

/** Remembers a wiring without a problem, in which no handlers share a source and none waits for a broker. */
export function rememberWiring(bound: readonly Bound[], brokers: Brokers): void {
  const all = [...brokers.values()];
  const [first] = all;
  // Of two subscriptions of one method to one source, only the instances tell whether they are a mistake.
  if (first === undefined || hasTwins(bound)) return;
  const handlers = bound.map(({ declaration, plan }) => ({ written: writtenOf(declaration), plan }));
  known.set(first, [{ brokers: all, handlers }, ...(known.get(first) ?? [])].slice(0, MOST));
}

function hasTwins(bound: readonly Bound[]): boolean {
  const sources = new Map<unknown, Set<string>>();
  return bound.some(({ declaration: { method }, binding: { source } }) => {
    const ofType = sources.get(method?.type) ?? new Set();
    sources.set(method?.type, ofType);
    const { size } = ofType;
    return ofType.add(`${String(method?.name)} ${source.name}`).size === size;
  });
}

/** The method's host is of one application, and would keep it alive. */
function writtenOf(declaration: HandlerDeclaration): Written {
  const { handler, method, broker, source, options, defaults, prefix, params, publishTo } = declaration;
  const { type, name } = method ?? {};
  return { handler, type, name, broker, source, options, defaults, prefix, params, publishTo };
}

function isOf({ handlers }: Known, declarations: readonly HandlerDeclaration[]): boolean {
  return (
    handlers.length === declarations.length &&
    handlers.every(({ written }, place) => isSame(written, declarations[place]))
  );
}

/** Objects of decorators are compared by identity: those that `fromConfig()` makes for each application are checked again. */
function isSame(one: Written, other: HandlerDeclaration | undefined): boolean {
  return (
    other?.problems.length === 0 &&
    one.type === other.method?.type &&
    one.name === other.method?.name &&
    one.handler === other.handler &&
    one.broker === other.broker &&
    one.source === other.source &&
    one.options === other.options &&
    one.prefix === other.prefix &&
    hasSameFields(one.defaults ?? NONE, other.defaults ?? NONE) &&
    one.params?.sources === other.params?.sources &&
    isSameList(one.params?.names ?? [], other.params?.names ?? []) &&
    arePublishersSame(one.publishTo, other.publishTo)
  );
}

const NONE = {};

type Publishers = HandlerDeclaration['publishTo'];

function arePublishersSame(one: Publishers, other: Publishers): boolean {
  return (
    one.length === other.length &&
    one.every(({ broker, destination, options }, place) => {
      const same = other[place];
      return broker === same?.broker && destination === same.destination && options === same.options;
    })
  );
}

function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((value, place) => value === other[place]);
}

function hasSameFields(one: object, other: object): boolean {
  if (one === other) return true;
  const [a, b] = [one as Record<string, unknown>, other as Record<string, unknown>];
  const names = Object.keys(a);
  return isSameList(names, Object.keys(b)) && names.every((name) => a[name] === b[name]);
}
