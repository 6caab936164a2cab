export const entryPoints = ['', '/kafka', '/kafka/platformatic', '/nats', '/testing', '/driver', '/asyncapi'].map(
  (path) => `nestjs-multi-broker${path}`,
);

/** Entries that integrate another package, which is not installed here. */
export const integrations = {
  'nestjs-multi-broker/health': '@nestjs/terminus',
  'nestjs-multi-broker/telemetry': '@opentelemetry/api',
  'nestjs-multi-broker/prometheus': 'prom-client',
};
