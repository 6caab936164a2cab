/** The block of headers of a message, parsed. */
export interface ClientHeaders extends Iterable<[string, string[]]> {
  /** Status of a message of the server, such as 503; 0 without one. */
  readonly code: number;
  readonly description: string;
  get(name: string): string;
  has(name: string): boolean;
}
