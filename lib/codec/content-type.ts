/** Header that names how a body is to be read. */
export const CONTENT_TYPE = 'content-type';

/** What the library writes for strings and for everything that is neither string nor bytes. */
export const TEXT = 'text/plain';
export const JSON_TYPE = 'application/json';
export const OCTETS = 'application/octet-stream';

/** `json`, `text`, `bytes`, or undefined where the content type does not tell. */
export function mediaKind(contentType: string): 'json' | 'text' | 'bytes' | undefined {
  if (contentType === JSON_TYPE) return 'json';
  if (contentType === TEXT) return 'text';
  const media = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (media === JSON_TYPE || media.endsWith('+json')) return 'json';
  if (media.startsWith('text/')) return 'text';
  return media === OCTETS ? 'bytes' : undefined;
}

/** Whether the header is the content type, in whatever spelling: other producers write `Content-Type`. */
export function isContentType(name: string): boolean {
  return name.length === CONTENT_TYPE.length && (name === CONTENT_TYPE || name.toLowerCase() === CONTENT_TYPE);
}

/** The content type that the headers tell; the library's own spelling is looked up first. */
export function contentTypeOf(headers: Readonly<Record<string, string>>): string | undefined {
  const exact = headers[CONTENT_TYPE];
  if (exact !== undefined) return exact;
  for (const name in headers) if (isContentType(name)) return headers[name];
  return undefined;
}
