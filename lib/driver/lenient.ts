/**
 * A function whose parameters may be declared narrower than they are: TypeScript compares those of methods both ways.
 * For what only the user knows, such as what a method returns that stands beside the option.
 */
export type Lenient<A extends readonly unknown[], R> = { lenient(...args: A): R }['lenient'];
