#!/usr/bin/env bash
# `node -r otel.js` instruments a CommonJS package that is required, and not the same one that is imported.
#
# Versions: @opentelemetry/instrumentation-kafkajs 0.32.0 with instrumentation 0.223.0, kafkajs 2.2.4, Node 20 to 26.
# Expected: in a CommonJS application with the SDK preloaded by `-r`, kafkajs (CommonJS, too) is instrumented, however it
#           is loaded. The loader hook is documented for applications that are ES modules.
# Seen:     `await import('kafkajs')` in a .cjs file, as TypeScript leaves it with `module: nodenext`, gives the plain
#           package: no spans, no trace context in the records, no error and no line in the log. Once anything in the
#           process has required kafkajs, the same import gives the instrumented one: it depends on who came first.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages kafkajs@2.2.4 @opentelemetry/api@1.9.0 @opentelemetry/instrumentation@0.223.0 @opentelemetry/instrumentation-kafkajs@0.32.0
cat >otel.cjs <<'EOF'
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { KafkaJsInstrumentation } = require('@opentelemetry/instrumentation-kafkajs');
registerInstrumentations({ instrumentations: [new KafkaJsInstrumentation()] });
EOF
cat >app.cjs <<'EOF'
const { isWrapped } = require('@opentelemetry/instrumentation');
const told = ({ Kafka }) => (isWrapped(Kafka.prototype.producer) ? 'instrumented' : 'plain');

async function main() {
  const [, , ...ways] = process.argv;
  const seen = [];
  for (const way of ways) seen.push(`${way}: ${told(way === 'require' ? require('kafkajs') : await import('kafkajs'))}`);
  console.log(seen.join(', '));
}
main();
EOF
cat >expected <<'EOF'
require: instrumented
import: plain
import: plain, require: instrumented, import: instrumented
require: instrumented, import: instrumented
EOF
run() { node -r ./otel.cjs app.cjs "$@"; }
{
  run require
  run import
  run import require import
  run require import
} | tee seen
compare
