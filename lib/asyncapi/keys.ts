/**
 * Keys of one part of a document, each made of a text and unique. Characters that a reference would have to escape are
 * replaced; `/` stays, as keys of channels are `broker/address`.
 */
export class Keys<T> {
  private readonly byOwner = new Map<T, string>();
  private readonly taken = new Set<string>();

  /** The key of an owner, the same at every call. */
  of(owner: T, text: string): string {
    const known = this.byOwner.get(owner);
    if (known !== undefined) return known;
    const key = this.free(keyText(text));
    this.byOwner.set(owner, key);
    this.taken.add(key);
    return key;
  }

  /** Numbered where another owner has it. */
  private free(key: string): string {
    if (!this.taken.has(key)) return key;
    let number = 2;
    while (this.taken.has(`${key}-${String(number)}`)) number++;
    return `${key}-${String(number)}`;
  }
}

/** `orders/orders.{region}.created` is `orders/orders.region.created`, and of the RegExp `/^log/` `log` is left. */
function keyText(text: string): string {
  const plain = text
    .replace(/[{}]/g, '')
    .replace(/[^\w./-]+/g, '_')
    .replace(/_*\/[/_]*/g, '/')
    .replace(/^[/_]+|[/_]+$/g, '');
  return plain === '' ? '_' : plain;
}

/** A reference into the document: `/` and `~` of a key are escaped, as JSON pointers have it. */
export function refTo(...path: readonly string[]): { readonly $ref: string } {
  const tokens = path.map((token) => token.replaceAll('~', '~0').replaceAll('/', '~1'));
  return { $ref: `#/${tokens.join('/')}` };
}

/** A key of `components`, where the specification allows neither `/` nor blanks. */
export function componentKey(text: string): string {
  const plain = text.replace(/[^\w.-]+/g, '_').replace(/^_+|_+$/g, '');
  return plain === '' ? 'Schema' : plain;
}
