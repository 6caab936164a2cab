import { isContentType } from '../codec/index.js';
import type {
  Headers,
  Incoming,
  PublishHook,
  PublishingMessage,
  RawHeader,
  RawHeaderToWrite,
} from '../driver/index.js';
import { errorOf } from '../errors/index.js';
import { isRecord, rawHeaders, refusedType, type Sender, textHeaders } from './field-checks.js';
import type { Binding } from './binding.js';
import { CORRELATION_ID, isOfOneHop } from './headers.js';

/** The headers of a message in the making: of each name the one that is set last wins. */
export class OutgoingHeaders {
  raw: readonly RawHeader[] | undefined;

  constructor(readonly text: Record<string, string>) {}

  /** Headers that any system takes. */
  assign(headers: Headers): void {
    Object.assign(this.text, headers);
  }

  /** The library's own. */
  own(name: string, value: string): void {
    if (this.raw !== undefined) this.dropRaw(name);
    this.text[name] = value;
  }

  drop(name: string): void {
    if (this.raw !== undefined) this.dropRaw(name);
    Reflect.deleteProperty(this.text, name);
  }

  /** In order; they replace all headers of their names. */
  addRaw(headers: readonly RawHeader[]): void {
    if (headers.length === 0) return;
    const names = new Set(headers.map(([name]) => name));
    for (const name of names) Reflect.deleteProperty(this.text, name);
    this.raw = [...(this.raw ?? []).filter(([name]) => !names.has(name)), ...headers];
  }

  /** The user's headers. A content type, in any spelling, replaces another. */
  set(headers: Headers | undefined, sender: Sender): void {
    textHeaders(headers, sender);
    for (const name in headers) {
      if (isContentType(name)) this.dropContentTypes();
      this.own(name, headers[name] ?? '');
    }
  }

  /**
   * The same for a handler's headers: those that not every system takes go as bytes, and are encoded where they have to
   * be. An error would hold the source's order for ever.
   */
  setCarried(headers: Headers | undefined, sender: Sender): void {
    this.set(headers, sender);
    for (const name in headers) {
      const value = headers[name] ?? '';
      if (isPlainName(name) && !/[\r\n]/.test(value)) continue;
      this.addRaw([[name, Buffer.from(value)]]);
    }
  }

  setRaw(headers: readonly RawHeaderToWrite[] | undefined, sender: Sender): void {
    if (headers !== undefined) this.addRaw(rawHeaders(headers, sender));
  }

  private dropContentTypes(): void {
    for (const name in this.text) if (isContentType(name)) Reflect.deleteProperty(this.text, name);
  }

  private dropRaw(name: string): void {
    const left = this.raw?.filter(([other]) => other !== name) ?? [];
    this.raw = left.length === 0 ? undefined : left;
  }
}

/** Headers of a source message that a publisher asked for. */
export interface Forwarded {
  readonly text: Headers;
  /** Headers that are no plain text, repeated, or without a value. */
  readonly raw: readonly RawHeader[];
}

const NONE: readonly RawHeader[] = [];

/** The source's headers that a publisher asked for, without those of one hop or those that always cross. */
export function forwarded(
  { incoming, binding }: { readonly incoming: Incoming; readonly binding: Pick<Binding, 'serverHeaders'> },
  headers: Headers,
  which: true | readonly string[],
): Forwarded {
  const wanted = (name: string): boolean =>
    (which === true || which.includes(name)) &&
    name !== CORRELATION_ID &&
    !isContentType(name) &&
    !isOfOneHop(name, binding);
  return headersThat(incoming, headers, wanted);
}

/** The source's headers of the wanted names, byte for byte and in order. */
export function headersThat(incoming: Incoming, headers: Headers, wanted: (name: string) => boolean): Forwarded {
  const came = incoming.rawHeaders?.();
  return came === undefined ? textual(headers, wanted) : split(came, headers, wanted);
}

function textual(headers: Headers, wanted: (name: string) => boolean): Forwarded {
  const text: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (wanted(name)) text[name] = value;
  return { text, raw: NONE };
}

/** Most headers are plain text and cross as such, so that delivery records and twins show them. */
function split(came: readonly RawHeader[], headers: Headers, wanted: (name: string) => boolean): Forwarded {
  const text: Record<string, string> = {};
  const raw: RawHeader[] = [];
  const repeated = repeatedNames(came, headers);
  for (const header of came) {
    const [name, value] = header;
    if (!wanted(name)) continue;
    const written: unknown = headers[name];
    if (value !== null && !repeated.has(name) && isPlain(name, written)) text[name] = written;
    else raw.push(header);
  }
  return { text, raw };
}

const NOBODY: ReadonlySet<string> = new Set();

function repeatedNames(came: readonly RawHeader[], headers: Headers): ReadonlySet<string> {
  if (came.length === Object.keys(headers).length) return NOBODY;
  const seen = new Set<string>();
  return new Set(came.flatMap(([name]) => (seen.has(name) ? name : (seen.add(name), []))));
}

/** A replacement character may stand for bytes that were no text; some clients trim blanks around a value. */
function isPlain(name: string, value: unknown): value is string {
  if (typeof value !== 'string' || !isPlainName(name)) return false;

  return !/[\x00-\x1f\x7f\ufffd]/.test(value) && value === value.trim();
}

/** Whether every system takes it as a header name. */
export function isPlainName(name: string): boolean {
  return name !== '__proto__' && /^[!-9;-~]+$/.test(name);
}

/** The `onPublish()` hooks of one application. */
export class PublishHooks {
  private readonly hooks = new Set<PublishHook>();

  /** A field, as it is read for each message. */
  any = false;

  /** Returns what takes it away again. */
  add(hook: PublishHook): () => void {
    // One that is added twice is called twice.
    const own: PublishHook = (message) => hook(message);
    this.hooks.add(own);
    this.any = true;
    return () => {
      this.hooks.delete(own);
      this.any = this.hooks.size > 0;
    };
  }

  /** The headers of all hooks; of one name that of the hook that was added last. Throws what a hook throws. */
  headersFor(message: PublishingMessage): Headers {
    const headers: Record<string, string> = {};
    for (const hook of this.hooks) Object.assign(headers, checked(hook(message), message));
    return headers;
  }
}

function checked(given: unknown, { broker, destination }: PublishingMessage): object {
  if (given === undefined || given === null) return {};
  if (isRecord(given)) return given;
  throw errorOf('MULTI_BROKER_HEADER_INVALID.hook', { type: refusedType(given), destination, broker });
}
