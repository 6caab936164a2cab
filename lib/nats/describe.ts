import type { PlaceDescription, SecurityMethod, ServerDescription } from '../driver/index.js';
import type { NatsDestinationSpec } from './destination-spec.js';
import type { NatsBrokerOptions } from './options.js';
import type { CoreSourceSpec, NatsSourceSpec, StreamSourceSpec } from './source-spec.js';

/** Of AsyncAPI's bindings for NATS. */
const BINDING = { bindingVersion: '0.1.0' } as const;

/** The client's own default. */
const DEFAULT_SERVER = '127.0.0.1';
const DEFAULT_PORT = 4222;

/** Reads the names of the client's options only, and of their values the addresses. */
export function describeServer({ client }: NatsBrokerOptions): ServerDescription {
  const { servers, port = DEFAULT_PORT, tls } = client;
  const all = [servers ?? []].flat();
  const isTls = (tls !== undefined && tls !== null) || all.some((server) => server.trim().startsWith('tls://'));
  const named = all.length === 0 ? [DEFAULT_SERVER] : all;
  return { protocol: 'nats', tls: isTls, hosts: named.map((one) => hostOf(one, port)), security: securityOf(client) };
}

/** Without the credentials that a URL may hold, and with a port. */
function hostOf(server: string, port: number): string {
  const host = server.trim().replace(/^(.*:\/\/)?(.*@)?/, '');
  return /:\d+$/.test(host) ? host : `${host}:${String(port)}`;
}

/** An authenticator is a function, which does not tell its method. */
function securityOf({ user, token, authenticator, tls }: NatsBrokerOptions['client']): SecurityMethod[] {
  const shown = tls?.cert !== undefined || tls?.certFile !== undefined;
  const methods = [
    shown && 'x509',
    user !== undefined && 'userPassword',
    token !== undefined && 'token',
    authenticator !== undefined && 'custom',
  ] as const;
  return methods.filter((method) => method !== false);
}

export function describeSource(source: NatsSourceSpec): PlaceDescription {
  return source.via === 'core' ? ofSubject(source) : ofStream(source);
}

function ofSubject({ path, subject, queue }: CoreSourceSpec): PlaceDescription {
  return {
    addresses: [named(path)],
    ...(queue !== undefined && { operation: { nats: { queue, ...BINDING } } }),
    ...(named(path) !== path && { channelExtensions: { 'x-nats-subject': subject } }),
  };
}

/** AsyncAPI has no word for streams. Their subjects are those of the filter, or all that the application knows of. */
function ofStream({ stream, consumer, filter, path, subjects, options }: StreamSourceSpec): PlaceDescription {
  const { durable: _, filter: __, subjects: ___, ...settings } = withoutKind(options);
  const told = { stream, durable: consumer, filter, subjects, ...settings };
  return {
    addresses: path === undefined ? (subjects ?? []).map(named) : [named(path)],
    extensions: { 'x-jetstream': withoutUndefined(told) },
    channelExtensions: { 'x-jetstream': withoutUndefined({ stream, subjects }) },
  };
}

function withoutUndefined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** A source is its options, and what `stream()` adds. */
function withoutKind(options: StreamSourceSpec['options']): StreamSourceSpec['options'] {
  const own = ['kind', 'via', 'stream'];
  const settings = Object.entries(options).filter(([name]) => !own.includes(name));
  return Object.fromEntries(settings) as unknown as StreamSourceSpec['options'];
}

export function describeDestination({ via, stream }: NatsDestinationSpec): PlaceDescription {
  return via === 'core' || stream === undefined ? {} : { channelExtensions: { 'x-jetstream': { stream } } };
}

/** A subject whose wildcards are placeholders, named as the params of its messages are: by their place. */
function named(path: string): string {
  let place = -1;
  const tokens = path.split('.').map((token) => {
    const isWildcard = token === '*' || token === '>';
    if (isWildcard || token.startsWith('{')) place++;
    return isWildcard ? `{${String(place)}}` : token;
  });
  return tokens.join('.');
}
