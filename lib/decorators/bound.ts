/**
 * A decorator for methods whose first parameter takes P. The rest is `never`, so that any further parameters fit; a
 * method without parameters fits as well. TypeScript lets a decorator check a parameter's type, not infer it.
 */
export type Bound<P> = <M extends (payload: P, ...rest: never[]) => unknown>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void;
