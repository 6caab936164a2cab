import type { MessageContext } from '../driver/index.js';

/**
 * A decorator for methods that have a place for the payload P: a parameter that takes P, or one of its properties as
 * `@Payload('id')` does, wherever it stands. A method without parameters fits, and so does one that only takes the
 * context. TypeScript lets a decorator check a parameter's type, not infer it.
 */
export type Bound<P> = <M extends (...args: never[]) => unknown>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<M> & Checked<P, Parameters<M>>,
) => void;

/** The name of the property is what the compiler prints. */
type Checked<P, A extends readonly unknown[]> =
  Fits<P, A> extends true ? unknown : { readonly 'No parameter takes what the schema gives': P };

type Fits<P, A extends readonly unknown[]> =
  'payload' extends RolesOf<P, A> ? true : [RolesOf<P, A>] extends ['context'] ? true : false;

type RolesOf<P, A extends readonly unknown[]> = { [I in keyof A]-?: RoleOf<P, A[I]> }[number];

type RoleOf<P, Parameter> = [P] extends [Parameter]
  ? 'payload'
  : [MessageContext] extends [Parameter]
    ? 'context'
    : true extends TakesProperty<P, Parameter>
      ? 'payload'
      : 'other';

/** Of an object only: a text or a list has its methods for properties. */
type TakesProperty<P, Parameter> = P extends readonly unknown[]
  ? false
  : P extends object
    ? { [K in keyof P]-?: [P[K]] extends [Parameter] ? true : false }[keyof P]
    : false;
