import { placeholderOf, placeholdersOf } from '../driver/index.js';

/** The topics that one source reads by a pattern: those of a RegExp, below a prefix. Keeps no state between calls. */
export class TopicPattern {
  private readonly regExp: RegExp;

  /** @param prefix the RegExp is matched against what follows it, so that `^` is the end of the prefix */
  constructor(
    regExp: RegExp,
    private readonly prefix = '',
  ) {
    // A global or sticky one would go on where its last match ended.
    this.regExp = new RegExp(regExp.source, regExp.flags.replace(/[gy]/g, ''));
  }

  /** The names of its params: the numbers of the groups, and their names. */
  get paramNames(): readonly string[] {
    const { source, flags } = this.regExp;
    // Matches the empty text by the last alternative, with every group undefined.
    const groups = new RegExp(`${source}|`, flags).exec('');
    return [...(groups?.slice(1).keys() ?? [])].map(String).concat(Object.keys(groups?.groups ?? {}));
  }

  /** A name for checks: what a RegExp matches is not known before there are topics, and is guessed from how it begins. */
  get example(): string {
    const begin = /^\^?((?:\\[.-]|[\w-])*)/.exec(this.regExp.source)?.[1]?.replaceAll('\\', '') ?? '';
    const guesses = [`${begin}any`, begin, ''].map((guess) => `${this.prefix}${guess}`);
    return guesses.find((guess) => this.matches(guess)) ?? `${this.prefix}any`;
  }

  /** Never one of the cluster's internal topics. */
  matches(topic: string): boolean {
    return !topic.startsWith('__') && topic.startsWith(this.prefix) && this.regExp.test(this.rest(topic));
  }

  /** What the groups match in a topic's name: by number from 0, and by name. */
  params(topic: string): Readonly<Record<string, string>> | undefined {
    const groups = topic.startsWith(this.prefix) ? this.regExp.exec(this.rest(topic)) : null;
    if (groups === null) return undefined;
    const numbered = groups.slice(1).map((value, index): [string, string | undefined] => [String(index), value]);
    const all = [...numbered, ...Object.entries(groups.groups ?? {})];
    return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined));
  }

  toString(): string {
    return `${this.prefix}${String(this.regExp)}`;
  }

  private rest(topic: string): string {
    return topic.slice(this.prefix.length);
  }
}

/** The topics of a path, `orders.{region}.{id}`, each of whose placeholders is one token of the name. */
export class TopicPath extends TopicPattern {
  constructor(private readonly path: string) {
    const tokens = path.split('.').map((token) => {
      const name = placeholderOf(token);
      return name === undefined ? escaped(token) : `(?<${name}>[^.]+)`;
    });
    super(new RegExp(`^${tokens.join('\\.')}$`));
  }

  override get paramNames(): readonly string[] {
    return placeholdersOf(this.path);
  }

  override get example(): string {
    const tokens = this.path.split('.').map((token) => (placeholderOf(token) === undefined ? token : 'any'));
    return tokens.join('.');
  }

  /** By the names of the placeholders. */
  override params(topic: string): Readonly<Record<string, string>> | undefined {
    const params = super.params(topic);
    return params && Object.fromEntries(Object.entries(params).filter(([name]) => !/^\d/.test(name)));
  }

  override toString(): string {
    return this.path;
  }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The params of a topic that a source reads; undefined for a source of one topic. */
export function paramsOf(topic: string | TopicPattern, name: string): Readonly<Record<string, string>> | undefined {
  return typeof topic === 'string' ? undefined : topic.params(name);
}
