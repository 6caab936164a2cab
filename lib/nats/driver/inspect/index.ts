import type { BrokerUse, Finding } from '../../../driver/index.js';
import type { NatsDestinationSpec } from '../../destination-spec.js';
import { patternOf, type SubjectNeed, subjectNeeds } from '../../needs.js';
import type { NatsBrokerOptions } from '../../options.js';
import type { NatsSourceSpec } from '../../source-spec.js';
import { clientCode, JetStreamApi } from '../jetstream/jetstream-api.js';
import { forbidden, permissionsOf } from './permissions.js';
import { destinationFinding, streamFindings } from './streams.js';
import type { ClientConnection, NatsClient } from '../connection/client-port.js';

/** Compares what an application uses with a server: permissions by what it tells of this user, streams and durables. */
export async function inspectServer(
  client: Pick<NatsClient, 'manager'>,
  nc: ClientConnection,
  options: NatsBrokerOptions,
  use: BrokerUse,
): Promise<readonly Finding[]> {
  const permissions = await permissionsOf(nc);
  const found = await jetStreamFindings(client, nc, options, use);
  if (permissions === undefined) return [notTold(options.name), ...found];
  const needs = subjectNeeds(use, options).filter((need) => isNeeded(need, found));
  return [...needs.flatMap((need) => forbidden(need, permissions) ?? []), ...found];
}

const notTold = (name: string): Finding => ({
  problem: 'unknown',
  what: 'permissions',
  name,
  text: 'the server does not tell those of this client',
});

/** A stream or durable that is there is looked up only. */
function isNeeded({ creates }: SubjectNeed, found: readonly Finding[]): boolean {
  if (creates === undefined) return true;
  return found.some(
    ({ problem, what, name }) => problem === 'missing' && what === creates.what && name === creates.name,
  );
}

async function jetStreamFindings(
  client: Pick<NatsClient, 'manager'>,
  nc: ClientConnection,
  options: NatsBrokerOptions,
  use: BrokerUse,
): Promise<readonly Finding[]> {
  const sources = (use.sources as readonly NatsSourceSpec[]).filter((source) => source.via === 'jetstream');
  const destinations = (use.destinations as readonly NatsDestinationSpec[]).filter(({ via }) => via === 'jetstream');
  if (sources.length + destinations.length === 0) return [];
  const api = new JetStreamApi(client, nc, options.jetstream ?? {});
  const jsm = await api.manager();
  try {
    const found: Finding[] = [];
    for (const source of sources) found.push(...(await streamFindings(jsm, source, sources, api.serverVersion)));
    for (const to of destinations) {
      const finding = await destinationFinding(jsm, to, patternOf(to, use), sources);
      if (finding !== undefined) found.push(finding);
    }
    return found;
  } catch (thrown) {
    if (clientCode(thrown) !== '503') throw thrown;
    return [{ problem: 'missing', what: 'JetStream', name: options.name, text: 'this account of the server has none' }];
  }
}
