import { readStream, readTopic } from '../support/read-all.js';
import { judge, type Numbered } from '../support/verdict.js';
import { isPoison, type Place, type Route } from './setting.js';
import { numbered, type Servers } from './servers.js';

/** What became of the messages of one route. */
export interface Outcome {
  readonly sent: number;
  readonly done: number;
  readonly parked: number;
  /** Neither done nor parked, or parked though it could be handled. */
  readonly lost: number;
  readonly doneTwice: number;
  readonly overtaken: number;
  readonly parkedTwice: number;
}

/** @param witnessed what a subscriber has got, for a target that is core NATS */
export async function outcomeOf(
  servers: Servers,
  route: Route,
  place: Place,
  count: number,
  witnessed: readonly number[],
): Promise<Outcome> {
  const sent = Array.from({ length: count }, (_, id) => numbered(id));
  const arrived = await arrivedAt(servers, route, place, witnessed);
  const letters = await readAll(servers, place.letters);
  const { twice, overtaken } = judge(sent, arrived);
  const [done, parked] = [idsOf(arrived), idsOf(letters)];
  const lost = sent.filter(({ id }) => (isPoison(id) ? !parked.has(id) : !done.has(id)));
  return {
    sent: count,
    done: done.size,
    parked: parked.size,
    lost: lost.length,
    doneTwice: twice,
    overtaken: overtaken.length,
    parkedTwice: letters.length - parked.size,
  };
}

async function arrivedAt(
  servers: Servers,
  { to }: Route,
  { target }: Place,
  witnessed: readonly number[],
): Promise<readonly Numbered[]> {
  if (to === 'kafka') return readTopic(servers, target);
  const stored = await readAll(servers, target);
  // A killed server has confirmed what its stream does not hold, and a subscriber is away for a moment after it.
  const known = idsOf(stored);
  return [...stored, ...witnessed.filter((id) => to === 'core' && !known.has(id)).map(numbered)];
}

async function readAll(servers: Servers, subject: string): Promise<readonly Numbered[]> {
  const read = await readStream(servers, subject.replaceAll('.', '_'));
  return [...read.values()].flat();
}

function idsOf(messages: readonly Numbered[]): ReadonlySet<number> {
  return new Set(messages.map(({ id }) => id));
}
