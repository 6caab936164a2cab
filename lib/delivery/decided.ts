import { refusedType } from './field-checks.js';

/**
 * What a user's function has answered that is asked for true or false: a text or a number counts as JavaScript has it.
 * Nothing at all is more often a forgotten `return` than a no, and an object, such as a promise that nobody awaits, would
 * always be a yes.
 *
 * @param refused the error of any other answer, of which it gets the type
 */
export function decided(answer: unknown, refused: (given: string) => Error): boolean {
  switch (typeof answer) {
    case 'boolean':
      return answer;
    case 'string':
    case 'number':
    case 'bigint':
      return Boolean(answer);
    default:
      throw refused(refusedType(answer));
  }
}
