import { get } from './api.js';
import { at } from './example.js';

/** Renders the document by the installed `@asyncapi/react-component`, whose script the frame has loaded. */
const place = document.getElementById('asyncapi');
const config = { show: { sidebar: false, errors: false }, expand: { messageExamples: false } };
window.AsyncApiStandalone.render({ schema: prepared(await get('.json')), config }, place);

/**
 * The document as the renderer takes it from the parser of AsyncAPI: references followed, and ids where the parser sets
 * them. The parser itself is large, and the document is valid.
 */
export function prepared(asyncapi) {
  const copy = structuredClone(asyncapi);
  for (const part of [copy, copy.components ?? {}]) {
    named(part.channels);
    named(part.operations);
    for (const channel of Object.values(part.channels ?? {})) namedMessages(channel.messages);
  }
  namedMessages(copy.components?.messages);
  for (const [name, schema] of Object.entries(copy.components?.schemas ?? {})) schema['x-parser-schema-id'] ??= name;
  return { ...followed(copy, copy, []), 'x-parser-spec-parsed': true, 'x-parser-api-version': 3 };
}

function named(all = {}) {
  for (const [name, one] of Object.entries(all)) if (!('$ref' in one)) one['x-parser-unique-object-id'] ??= name;
}

function namedMessages(all = {}) {
  named(all);
  for (const [name, one] of Object.entries(all)) if (!('$ref' in one)) one['x-parser-message-name'] ??= name;
}

/** References replaced by what they point to, each the same object; one that contains itself ends there. */
function followed(root, value, chain, seen = new Map()) {
  if (typeof value !== 'object' || value === null) return value;
  if (typeof value.$ref === 'string' && value.$ref.startsWith('#/')) {
    if (chain.includes(value.$ref)) return { description: `As in ${value.$ref}` };
    const known = seen.get(value.$ref);
    if (known !== undefined) return known;
    const target = followed(root, at(root, value.$ref), [...chain, value.$ref], seen);
    seen.set(value.$ref, target);
    return target;
  }
  if (Array.isArray(value)) return value.map((one) => followed(root, one, chain, seen));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, followed(root, one, chain, seen)]));
}
