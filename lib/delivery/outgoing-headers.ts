import { isContentType } from '../codec/index.js';
import type { Headers, RawHeader, RawHeaderToWrite } from '../driver/index.js';
import { isPlainName } from './forwarded-headers.js';
import { rawHeaders, type Sender, textHeaders } from './text-fields.js';

/** The headers of a message that is made: what is set later wins over what was there of that name. */
export class OutgoingHeaders {
  raw: readonly RawHeader[] | undefined;

  constructor(readonly text: Record<string, string>) {}

  /** Texts that any system takes. */
  assign(headers: Headers): void {
    Object.assign(this.text, headers);
  }

  /** The library's own. */
  own(name: string, value: string): void {
    if (this.raw !== undefined) this.dropRaw(name);
    this.text[name] = value;
  }

  /** In order; none of the names that are there stays. */
  addRaw(headers: readonly RawHeader[]): void {
    if (headers.length === 0) return;
    const names = new Set(headers.map(([name]) => name));
    for (const name of names) Reflect.deleteProperty(this.text, name);
    this.raw = [...(this.raw ?? []).filter(([name]) => !names.has(name)), ...headers];
  }

  /** What the user gave: one content type, in whatever spelling, takes the place of another. */
  set(headers: Headers | undefined, sender: Sender): void {
    textHeaders(headers, sender);
    for (const name in headers) {
      if (isContentType(name)) this.dropContentTypes();
      this.own(name, headers[name] ?? '');
    }
  }

  /**
   * The same of what a handler gives: what not every system takes as it is goes as bytes, which is encoded where it has
   * to be. Failing for it would hold the source's order for ever.
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
