import type { Topology } from '../driver/index.js';
import { Channels } from './channels.js';
import type { AsyncApiDocument } from './document-types.js';
import { Keys, refTo } from './keys.js';
import { LETTER_HEADERS_NAME, letterHeadersSchema } from './letter-headers.js';
import { Operations } from './operations.js';
import { type AsyncApiOptions, checkAsyncApiOptions } from './options.js';
import { PayloadSchemas } from './schemas/payload-schemas.js';
import { securitySchemesOf, serversOf } from './servers.js';

/**
 * The document of an application that is wired so. It connects nothing.
 *
 * @internal for the command line, which has a topology and no application: others call {@link AsyncApi.document}
 * @throws MultiBrokerError MULTI_BROKER_OPTION_INVALID
 */
export async function documentOf(topology: Topology, options: AsyncApiOptions): Promise<AsyncApiDocument> {
  checkAsyncApiOptions(options);
  const { info, id = idOf(info.title), defaultContentType = 'application/json' } = options;
  const keys = new Keys<string>();
  const servers = serversOf(topology, keys);
  const channels = new Channels((broker) => refTo('servers', keys.of(broker, broker)));
  const schemas = new PayloadSchemas();
  const known = new Set(topology.brokers.map(({ name }) => name));
  // Before the schemas of the application, which take another key if they have its name.
  if (parks(topology, known)) schemas.components.add(LETTER_HEADERS_NAME, letterHeadersSchema());
  const operations = new Operations(channels, schemas, (broker) => known.has(broker));
  // One after another: keys are numbered in the order of the handlers.
  for (const handler of topology.handlers) await operations.add(handler);
  const securitySchemes = securitySchemesOf(topology);
  return {
    asyncapi: '3.1.0',
    id,
    info,
    defaultContentType,
    servers,
    channels: channels.toJSON(),
    operations: operations.all,
    components: { schemas: schemas.components.schemas, ...(securitySchemes && { securitySchemes }) },
    ...(topology.waiting.length > 0 && { 'x-waiting': topology.waiting }),
  };
}

/** Whether there is a dead letter that the document tells of. */
function parks({ handlers }: Topology, known: ReadonlySet<string>): boolean {
  return handlers.some(({ deadLetter }) => deadLetter !== undefined && known.has(deadLetter.broker));
}

/** A title as the name of a URN. */
function idOf(title: string): string {
  const name = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `urn:nestjs:${name === '' ? 'application' : name}`;
}
