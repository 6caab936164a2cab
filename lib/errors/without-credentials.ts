/** Up to the last @ of a word: a password may have an @ or a slash, and nothing of it may be left. */
const CREDENTIALS = /:\/\/\S+@/g;

/** A text without the credentials of URLs, which messages of clients and of applications may quote. */
export function withoutCredentials(text: string): string {
  return text.replace(CREDENTIALS, '://***@');
}
