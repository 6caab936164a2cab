export {
  bindingIdOf,
  deliveryIdOf,
  isKept,
  isLetterHeader,
  LETTER,
  type LetterFields,
  letterFieldsOf,
} from './letter-headers.js';
export { type Parked, writeLetter } from './park.js';
export type { SentLetter } from './sent-letter.js';
export { DeadLetters } from './policy.js';
