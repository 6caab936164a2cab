import { catalogue, type ErrorCode, PHRASES } from './catalogue/index.js';

type Catalogue = typeof catalogue;

/** A message of the catalogue: its code and, where the code has several, its name: `MULTI_BROKER_STOPPED.all`. */
export type MessageId = { readonly [Code in ErrorCode]: MessageOf<Code> }[ErrorCode];

type MessageOf<Code extends ErrorCode> = Catalogue[Code] extends { readonly messages: infer All }
  ? `${Code}.${keyof All & string}`
  : Code;

type TemplateOf<Id extends MessageId> = Id extends `${infer Code extends ErrorCode}.${infer Name}`
  ? Catalogue[Code] extends { readonly messages: infer All }
    ? All[Name & keyof All] & string
    : never
  : Id extends ErrorCode
    ? Catalogue[Id] extends { readonly message: infer Only extends string }
      ? Only
      : never
    : never;

/** What fills a message. */
export type MessageParams<Id extends MessageId> = Params<TemplateOf<Id>>;

declare const ofCatalogue: unique symbol;

/** A message before its error is made: where something is wrong may be known to the caller alone. */
export interface Problem {
  readonly code: ErrorCode;
  readonly what: string;
  /** Only this file makes one, so that each text is that of a template. */
  readonly [ofCatalogue]: true;
}

/** A message, filled in. */
export function problemOf<Id extends MessageId>(id: Id, params: MessageParams<Id>): Problem {
  const [code, name = ''] = id.split('.') as [ErrorCode, string?];
  const entry: { readonly message: string } | { readonly messages: Readonly<Record<string, string>> } = catalogue[code];
  const template = 'message' in entry ? entry.message : (entry.messages[name] ?? name);
  return { code, what: fill(template, params) } as Problem;
}

/** The text of a message, without the remedy. */
export function textOf<Id extends MessageId>(id: Id, params: MessageParams<Id>): string {
  return problemOf(id, params).what;
}

type Phrases = typeof PHRASES;

/** The name of a phrase that has no placeholders. */
export type FixedPhrase = {
  [Name in keyof Phrases]: Params<Phrases[Name]> extends Readonly<Record<string, never>> ? Name : never;
}[keyof Phrases];

/** A phrase of the catalogue, filled in. */
export function phrase<Name extends FixedPhrase>(name: Name): string;
export function phrase<Name extends keyof Phrases>(name: Name, params: Params<Phrases[Name]>): string;
export function phrase(name: keyof Phrases, params: Readonly<Record<string, string | number>> = {}): string {
  return fill(PHRASES[name], params);
}

/** A problem with its place before it. */
export function problemAt(place: string, { code, what }: Problem): Problem {
  return { code, what: phrase('at', { place, problem: what }) } as Problem;
}

/** What an error says, without its remedy, which the error that is made of it appends itself. */
export function problemIn({ code, message }: { readonly code: ErrorCode; readonly message: string }): Problem {
  const remedy = ` ${catalogue[code].remedy}`;
  return { code, what: message.endsWith(remedy) ? message.slice(0, -remedy.length) : message } as Problem;
}

/** Names of the placeholders of a template: `'broker' | 'why'` of `"Broker '{broker}' is down: {why}"`. */
type Placeholder<Template extends string> = Template extends `${string}{${infer Name}}${infer Rest}`
  ? Exclude<Name, WithBlank> | Placeholder<Rest>
  : never;

/** Braces with a blank in them show an object literal to the reader: `{ partitions: 6 }`. */
type WithBlank = `${string} ${string}`;

/** What fills a template: a value for each of its placeholders, and no other. */
export type Params<Template extends string> = [Placeholder<Template>] extends [never]
  ? Readonly<Record<string, never>>
  : Readonly<Record<Placeholder<Template>, string | number>>;

/** Fills a template in one pass: braces within a value are left as they are. */
function fill(template: string, params: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name]));
}
