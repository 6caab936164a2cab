/** The groups of a RegExp in a topic that it matches, in order from '0', and by name. */
export function topicParams(pattern: string | RegExp, topic: string): Readonly<Record<string, string>> | undefined {
  if (typeof pattern === 'string') return undefined;
  const match = pattern.exec(topic);
  if (match === null || match.length === 1) return undefined;
  const numbered = match.slice(1).map((value, index) => [String(index), value] as const);
  const all = [...numbered, ...Object.entries(match.groups ?? {})] as (readonly [string, string | undefined])[];
  return Object.fromEntries(all.filter(([, value]) => value !== undefined)) as Record<string, string>;
}
