/** Which twin is compared with which server. */
export type Kind = 'kafka' | 'jetstream';

export const kinds: readonly Kind[] = ['kafka', 'jetstream'];

/** What one call of a handler does. After the end of its script every call is `ok`. */
export type Action = 'ok' | 'fail' | 'nack' | 'reject';

/** How a message is published: as it should be, under the dedupe id of an earlier one, or so that it is refused. */
export type Way = 'plain' | 'repeat' | 'too-large' | 'nowhere' | 'bad-header';

/** Consumer groups, or durable consumers. */
export type GroupName = 'g0' | 'g1';

/** On Kafka `a` and `b` share a partition. */
export const keys = ['a', 'b', 'd'] as const;
export type Key = (typeof keys)[number];

export type Step =
  | {
      readonly do: 'publish';
      readonly key: Key | undefined;
      readonly empty: boolean;
      readonly way: Way;
      readonly script: readonly Action[];
      /** How long each call of its handler takes, in milliseconds: with `concurrency` later ones are over before it. */
      readonly takesMs: number;
    }
  | { readonly do: 'join' | 'leave' | 'kill'; readonly group: GroupName }
  | { readonly do: 'quiet' };

/** A small life of one topic of two partitions, or of one stream. */
export interface Scenario {
  readonly kind: Kind;
  readonly ack: 'nack-on-error' | 'reject-on-error';
  /** Whether what is given up is parked. */
  readonly deadLetter: boolean;
  /** Calls at once on each lane; one at a time for each key. */
  readonly concurrency: number;
  /** Whether the second group begins with what is published after its first member joined; the first begins with all. */
  readonly lateGroup: boolean;
  /** Whether the first group has a member, and has come to rest, before the first step. */
  readonly opened: boolean;
  readonly steps: readonly Step[];
}

/** For a report: one step a line. */
export function shown({ kind, ack, deadLetter, concurrency, lateGroup, opened, steps }: Scenario): string {
  const lines = steps.map((step) => JSON.stringify(step, (_, value: unknown) => value ?? null));
  const setting = `${kind}, ${ack}${deadLetter ? ', dead letters' : ''}, ${concurrency} at once, g1 from its ${lateGroup ? 'end' : 'beginning'}, g0 ${opened ? 'reads' : 'is not there'}`;
  return [setting, ...lines].join('\n  ');
}
