import { subjectMatches } from '../subject-match.js';

/**
 * Entries by the patterns of their subjects. An account may have hundreds of streams: a subject is compared with those
 * of its first token alone.
 */
export class SubjectIndex<T extends { readonly subjects: readonly string[] }> {
  private readonly byToken = new Map<string, [pattern: string, entry: T][]>();

  constructor(entries: Iterable<T>) {
    for (const entry of entries) {
      for (const pattern of entry.subjects) this.add(firstToken(pattern), pattern, entry);
    }
  }

  find(subject: string): T | undefined {
    return this.among(firstToken(subject), subject) ?? this.among('*', subject) ?? this.among('>', subject);
  }

  private add(token: string, pattern: string, entry: T): void {
    const some = this.byToken.get(token);
    if (some === undefined) this.byToken.set(token, [[pattern, entry]]);
    else some.push([pattern, entry]);
  }

  private among(token: string, subject: string): T | undefined {
    return this.byToken.get(token)?.find(([pattern]) => subjectMatches(pattern, subject))?.[1];
  }
}

function firstToken(subject: string): string {
  const dot = subject.indexOf('.');
  return dot < 0 ? subject : subject.slice(0, dot);
}
