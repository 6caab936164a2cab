/** Up to the last @ of a word: a password may have an @ or a slash, and nothing of it may be left. */
const CREDENTIALS = /([a-z][a-z0-9+.-]*:\/\/)\S+@/gi;

/** A text without the credentials of URLs, which an application may have in its messages. */
export function withoutCredentials(text: string): string {
  return text.replace(CREDENTIALS, '$1***@');
}
