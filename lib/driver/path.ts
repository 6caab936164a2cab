import { errorOf, phrase } from '../errors/index.js';

/** The values of the placeholders of a path: `MessageParams<'orders.{region}.{id}'>` has `region` and `id`. */
export type MessageParams<Path extends string> = { readonly [Name in PlaceholderOf<Path>]: string };

type PlaceholderOf<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PlaceholderOf<Rest>
  : never;

/** Whether an address is a path with placeholders, each of which is a whole token: `orders.{region}.{id}`. */
export const isPath = (address: string): boolean => address.includes('{') || address.includes('}');

/** The name of a token that is a placeholder. */
export const placeholderOf = (token: string): string | undefined =>
  token.startsWith('{') ? /^\{([A-Za-z_]\w*)\}$/.exec(token)?.[1] : undefined;

/** The names of the placeholders of a path, in order. */
export function placeholdersOf(path: string): readonly string[] {
  return path.split('.').flatMap((token) => placeholderOf(token) ?? []);
}

/** Why an address is no path, or undefined. */
export function pathProblem(path: string): string | undefined {
  if (path.split('.').some((token) => isPath(token) && placeholderOf(token) === undefined)) return phrase('pathBrace');
  const names = placeholdersOf(path);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  return twice === undefined ? undefined : phrase('pathTwice', { placeholder: twice });
}

/** Where a path is filled: the words of its system, for errors. */
export interface PathFilling {
  readonly what: string;
  readonly broker: string;
  /** Whether a value can be a token. */
  isToken(value: string): boolean;
}

/**
 * The address of a path with its placeholders filled in. The values are not shown: they may be a payload.
 *
 * @throws MultiBrokerError MULTI_BROKER_ADDRESS_INVALID for a value that is missing or is no token
 */
export function filledPath(path: string, params: Readonly<Record<string, string>>, by: PathFilling): string {
  return path
    .split('.')
    .map((token) => {
      const placeholder = placeholderOf(token);
      if (placeholder === undefined) return token;
      const value: unknown = Object.hasOwn(params, placeholder) ? params[placeholder] : undefined;
      if (typeof value === 'string' && by.isToken(value)) return value;
      const problem = value === undefined ? phrase('pathNoValue') : phrase('pathNoToken');
      const { what, broker } = by;
      throw errorOf('MULTI_BROKER_ADDRESS_INVALID.path', { what, path, broker, placeholder, problem });
    })
    .join('.');
}
