/** Open to all that stands above. */
const GROUND = ['async', 'errors', 'codec'];
/** Which folders of lib/ a folder may import, besides itself and the ground floor. What is not named may not be imported. */
const ABOVE = {
  driver: [],
  decorators: ['driver'],
  delivery: ['driver'],
  handlers: ['decorators', 'delivery', 'driver'],
  lifecycle: ['handlers', 'decorators', 'delivery', 'driver'],
  module: ['lifecycle', 'handlers', 'decorators', 'delivery', 'driver'],
  health: ['lifecycle', 'driver'],
  telemetry: ['lifecycle', 'delivery', 'driver'],
  prometheus: ['lifecycle', 'delivery', 'driver'],
  cli: ['asyncapi', 'lifecycle', 'driver'],
  asyncapi: ['module', 'lifecycle', 'delivery', 'driver'],
  testing: ['lifecycle', 'handlers', 'decorators', 'delivery', 'driver', 'twin'],
  twin: ['driver'],
  kafka: ['driver', 'twin'],
  nats: ['driver', 'twin'],
};
/** The same of all folders; of the ground floor, each may import those before it. */
const FLOORS = {
  ...Object.fromEntries(GROUND.map((floor, place) => [floor, GROUND.slice(0, place)])),
  ...Object.fromEntries(Object.entries(ABOVE).map(([floor, below]) => [floor, [...below, ...GROUND]])),
};
/** Which folder alone may import a client (or several), or another package that is not everybody's. */
const CLIENTS = {
  kafka: ['kafkajs', '@platformatic/kafka'],
  nats: ['nats', '@nats-io'],
  health: '@nestjs/terminus',
  telemetry: '@opentelemetry/api',
  prometheus: 'prom-client',
};

const any = (names) => `^lib/(${names.join('|')})/`;

const floors = Object.entries(FLOORS).map(([floor, below]) => ({
  name: `floor-${floor}`,
  comment: `lib/${floor} may import ${below.map((name) => `lib/${name}`).join(', ') || 'nothing'}, and no other folder of lib/`,
  severity: 'error',
  from: { path: `^lib/${floor}/` },
  to: { path: '^lib/', pathNot: any([floor, ...below]) },
}));

/** Imports nothing, and may be entered alone by what must not load the library: the command line, before it knows which copy. */
const ALONE = '^lib/errors/without-credentials\\.ts$';

const doors = {
  name: 'through-the-index',
  comment: 'A folder of lib/ is entered through its index.ts',
  severity: 'error',
  from: { path: '^lib/([^/]+)/' },
  to: { path: '^lib/[^/]+/', pathNot: ['^lib/$1/', '^lib/[^/]+/index\\.ts$', ALONE] },
};

const owned = Object.entries(CLIENTS).flatMap(([folder, names]) => [names].flat().map((client) => [folder, client]));
const clients = owned.map(([folder, client]) => ({
  name: `client-${client}`,
  comment: `Only lib/${folder} imports ${client}`,
  severity: 'error',
  from: { path: '^lib/', pathNot: `^lib/${folder}/` },
  to: { path: `(^|node_modules/)${client}(/|$)` },
}));

/** Adapters of Kafka's clients: the folder of each, and the files of types that its users see. */
const KAFKA_ADAPTERS = {
  kafkajs: { folder: '^lib/kafka/driver/kafkajs/', types: '^lib/kafka/(options|load-client)\\.ts$' },
  '@platformatic/kafka': { folder: '^lib/kafka/driver/platformatic/', types: '^lib/kafka/platformatic/options\\.ts$' },
};

const adapters = Object.entries(KAFKA_ADAPTERS).flatMap(([client, { folder, types }]) => [
  {
    name: `adapter-${client}`,
    comment: `In lib/kafka only the adapter of ${client} and the types that its users see import it: the rest speaks the port, lib/kafka/driver/client`,
    severity: 'error',
    from: { path: '^lib/kafka/', pathNot: [folder, types] },
    to: { path: `(^|node_modules/)${client}(/|$)` },
  },
  {
    name: `port-before-${client}`,
    comment: `The driver of Kafka knows neither the adapter of ${client} nor its types: whoever makes the driver chooses`,
    severity: 'error',
    from: { path: '^lib/kafka/driver/', pathNot: folder },
    to: { path: [folder, types] },
  },
]);

export default {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'Files import one another in a circle, types included: a reader finds no beginning',
      severity: 'error',
      from: { path: '^lib/' },
      to: { circular: true },
    },
    {
      name: 'known-floor',
      comment: 'A new folder of lib/ needs a place among the floors in .dependency-cruiser.mjs',
      severity: 'error',
      from: { path: '^lib/[^/]+/', pathNot: any(Object.keys(FLOORS)) },
      to: {},
    },
    {
      name: 'nothing-outside',
      comment: 'lib/ imports packages and itself, nothing else of the repository',
      severity: 'error',
      from: { path: '^lib/' },
      to: {
        pathNot: ['^lib/', 'node_modules/'],
        dependencyTypesNot: ['core', 'npm', 'npm-peer', 'npm-dev', 'npm-optional'],
      },
    },
    doors,
    ...floors,
    ...clients,
    ...adapters,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'default'],
    },
  },
};
