/** Values of a pattern's wildcards, by position from '0'. */
export type SubjectParams = Readonly<Record<string, string>>;

/** Whether the subject is one of those that the pattern stands for. */
export function subjectMatches(pattern: string, subject: string): boolean {
  return match(pattern.split('.'), subject.split('.'));
}

/** Whether some subject is meant by both patterns. */
export function subjectsOverlap(one: string, other: string): boolean {
  const left = one.split('.');
  const right = other.split('.');
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const a = left[at];
    const b = right[at];
    if (a === undefined || b === undefined) return false;
    if (a === '>' || b === '>') return true;
    if (a !== '*' && b !== '*' && a !== b) return false;
  }
  return true;
}

function match(pattern: readonly string[], tokens: readonly string[]): boolean {
  for (let at = 0; at < pattern.length; at++) {
    const wanted = pattern[at];
    if (wanted === '>') return tokens.length > at;
    if (at >= tokens.length || (wanted !== '*' && wanted !== tokens[at])) return false;
  }
  return pattern.length === tokens.length;
}

/**
 * Reads what the wildcards of a pattern stand for in a subject that matches it: `*` one token, `>` the rest.
 * Undefined where the pattern has no wildcard, so that nothing is done for each message.
 */
export function paramReader(pattern: string | undefined): ((subject: string) => SubjectParams) | undefined {
  const tokens = pattern?.split('.') ?? [];
  const places = tokens.flatMap((token, at) => (token === '*' || token === '>' ? [at] : []));
  if (places.length === 0) return undefined;
  const open = tokens.at(-1) === '>' ? tokens.length - 1 : -1;
  return (subject) => {
    const given = subject.split('.');
    return Object.fromEntries(
      places.map((at, index) => [String(index), at === open ? given.slice(at).join('.') : (given[at] ?? '')]),
    );
  };
}
