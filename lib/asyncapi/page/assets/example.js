/** The most levels of an example: a schema may contain itself. */
const DEEPEST = 6;

/** An example payload of a channel by the document's schema; undefined where it has none. */
export function exampleOf(asyncapi, { broker, address }) {
  const channels = Object.values(asyncapi.channels ?? {});
  const channel = channels.find(
    (one) => one.address === address && (one.servers ?? []).some(({ $ref }) => last($ref) === escapedPointer(broker)),
  );
  const message = channel && Object.values(channel.messages ?? {})[0];
  const found = message && resolved(asyncapi, message);
  const [example] = found?.examples ?? [];
  if (example?.payload !== undefined) return example.payload;
  const schema = found && resolved(asyncapi, found.payload);
  return schema && sample(asyncapi, schema.schema ?? schema, DEEPEST);
}

/** Follows references within the document. */
export function resolved(asyncapi, value) {
  let found = value;
  for (let hops = 0; typeof found?.$ref === 'string' && hops < 20; hops++) found = at(asyncapi, found.$ref);
  return found;
}

/** What a reference within the document points to. */
export function at(asyncapi, pointer) {
  const parts = pointer.replace(/^#\//, '').split('/');
  return parts.reduce(
    (value, part) => value?.[decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')],
    asyncapi,
  );
}

const last = (pointer = '') => pointer.split('/').at(-1);
const escapedPointer = (name) => name.replaceAll('~', '~0').replaceAll('/', '~1');

const TEXTS = {
  'date-time': '2030-01-01T12:00:00Z',
  date: '2030-01-01',
  email: 'someone@example.com',
  uuid: '00000000-0000-4000-8000-000000000000',
  uri: 'https://example.com',
};

function sample(asyncapi, given, depth) {
  const schema = resolved(asyncapi, given);
  if (typeof schema !== 'object' || schema === null || depth === 0) return null;
  const set = [schema.const, schema.default, schema.examples?.[0], schema.example, schema.enum?.[0]];
  const ready = set.find((value) => value !== undefined);
  if (ready !== undefined) return ready;
  const [first] = schema.oneOf ?? schema.anyOf ?? [];
  if (first !== undefined) return sample(asyncapi, first, depth - 1);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => sample(asyncapi, part, depth - 1)));
  return ofType(asyncapi, schema, depth);
}

function ofType(asyncapi, schema, depth) {
  const type = [schema.type].flat().find((one) => one !== 'null') ?? (schema.properties ? 'object' : 'null');
  switch (type) {
    case 'object': {
      const properties = Object.entries(schema.properties ?? {});
      return Object.fromEntries(properties.map(([name, one]) => [name, sample(asyncapi, one, depth - 1)]));
    }
    case 'array':
      return schema.items ? [sample(asyncapi, schema.items, depth - 1)] : [];
    case 'string':
      return TEXTS[schema.format] ?? 'text';
    case 'number':
    case 'integer':
      return schema.minimum ?? (schema.exclusiveMinimum === undefined ? 1 : schema.exclusiveMinimum + 1);
    case 'boolean':
      return true;
    default:
      return null;
  }
}
