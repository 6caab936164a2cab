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
export function fill(template: string, params: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name]));
}
