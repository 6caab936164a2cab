import path from 'node:path';

/** Which folders of lib/ a folder may import. What is not named may not be imported. `codec` and `errors` are open to all. */
const BELOW = {
  errors: [],
  codec: [],
  driver: [],
  decorators: ['driver'],
  delivery: ['driver'],
  handlers: ['decorators', 'delivery', 'driver'],
  lifecycle: ['handlers', 'decorators', 'delivery', 'driver'],
  module: ['lifecycle', 'handlers', 'decorators', 'delivery', 'driver'],
  testing: ['lifecycle', 'handlers', 'decorators', 'delivery', 'driver', 'twin'],
  twin: ['driver'],
  kafka: ['driver', 'twin'],
  nats: ['driver', 'twin'],
};
const OPEN_TO_ALL = ['codec', 'errors'];
const CLIENTS = { kafkajs: 'kafka', nats: 'nats' };
const KIND_NAME = /[Kk]afka|KAFKA|[Jj]et[Ss]tream|(?<![A-Za-z])nats|Nats|NATS/;

/** The layers of lib/: imports go one way, enter a folder through its index, and a client belongs to its kind. */
export const importRule = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      upwards: '"{{from}}" may not import "{{to}}": it may import {{allowed}}.',
      inside: 'Import "{{to}}" through its index.js.',
      client: 'Only lib/{{owner}} may import "{{client}}".',
      unknown: 'lib/{{from}} has no place in the layers; give it one in tools/eslint/import-rule.mjs.',
      outside: 'lib/ may not import "{{request}}", which is outside of it.',
      kind: 'lib/twin names no kind of broker, but this says "{{name}}".',
    },
  },
  create(context) {
    const file = place(context.filename);
    if (!file) return {};
    const from = file.folder;
    if (from !== '' && !(from in BELOW)) {
      return { Program: (node) => context.report({ node, messageId: 'unknown', data: { from } }) };
    }

    const check = (source) => {
      if (source?.type !== 'Literal' || typeof source.value !== 'string') return;
      const problem = judge(file, source.value);
      if (problem) context.report({ node: source, ...problem });
    };
    const names = (node, text) => {
      const found = typeof text === 'string' && KIND_NAME.test(text);
      if (found) context.report({ node, messageId: 'kind', data: { name: text } });
    };
    return {
      ImportDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      TSImportType: (node) => check(node.source ?? node.argument?.literal),
      TSExternalModuleReference: (node) => check(node.expression),
      'CallExpression[callee.name="require"]': (node) => check(node.arguments[0]),
      ...(from === 'twin' && {
        Identifier: (node) => names(node, node.name),
        Literal: (node) => names(node, node.value),
        TemplateElement: (node) => names(node, node.value.raw),
      }),
    };
  },
};

/** `.../lib/kafka/driver/x.ts` is in folder `kafka`; `.../lib/index.ts` is in folder ''. */
function place(filename) {
  const parts = path.resolve(filename).split(path.sep);
  const lib = parts.lastIndexOf('lib');
  if (lib < 0) return undefined;
  const inLib = parts.slice(lib + 1);
  return { root: parts.slice(0, lib + 1).join(path.sep), folder: inLib.length > 1 ? inLib[0] : '', path: filename };
}

function judge(file, request) {
  if (!request.startsWith('.')) return judgePackage(file.folder, request);
  const parts = path.relative(file.root, path.resolve(path.dirname(file.path), request)).split(path.sep);
  if (parts[0] === '..') return { messageId: 'outside', data: { request } };
  const to = parts.length > 1 ? parts[0] : '';
  if (to === file.folder) return undefined;
  const allowed = file.folder === '' ? Object.keys(BELOW) : [...BELOW[file.folder], ...OPEN_TO_ALL];
  if (!allowed.includes(to)) {
    const data = { from: file.folder || 'index', to: to || 'index', allowed: allowed.join(', ') };
    return { messageId: 'upwards', data };
  }
  return parts.length === 2 && parts[1] === 'index.js' ? undefined : { messageId: 'inside', data: { to } };
}

function judgePackage(folder, request) {
  const client = request.split('/')[0];
  const owner = CLIENTS[client];
  return owner === undefined || owner === folder ? undefined : { messageId: 'client', data: { owner, client } };
}
