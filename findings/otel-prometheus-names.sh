#!/usr/bin/env bash
# One messaging metric has another name in Prometheus when Node exports it than when Python does.
#
# Versions: @opentelemetry/sdk-metrics 2.12.1, @opentelemetry/exporter-prometheus 0.223.0; Python: opentelemetry-sdk 1.45.2,
#           opentelemetry-exporter-prometheus 0.66b2.
# Expected: messaging.client.operation.duration, unit "s", of the semantic conventions has one name in Prometheus, whatever
#           language the service is written in, so that one dashboard shows producers and consumers side by side.
# Seen:     Node's exporter leaves the unit out of the name and Python's writes it as a word, as OpenTelemetry's compatibility
#           specification asks: ..._duration and ..._duration_seconds, bridge_lag and bridge_lag_milliseconds. A query for one
#           finds half of the services and no error. Only units in braces ({message})
#           agree. (opentelemetry-js #3466, closed as stale.)
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages @opentelemetry/api@1.9.1 @opentelemetry/sdk-metrics@2.12.1 @opentelemetry/exporter-prometheus@0.223.0
python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target python \
  opentelemetry-sdk==1.45.2 opentelemetry-exporter-prometheus==0.66b2
cat >instruments.json <<'EOF'
[
  ["histogram", "messaging.client.operation.duration", "s"],
  ["histogram", "messaging.process.duration", "s"],
  ["counter", "messaging.client.consumed.messages", "{message}"],
  ["counter", "bridge.copied", "By"],
  ["gauge", "bridge.lag", "ms"]
]
EOF
cat >probe.mjs <<'EOF'
import { readFileSync } from 'node:fs';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';

const exporter = new PrometheusExporter({ preventServerStart: true });
const meter = new MeterProvider({ readers: [exporter] }).getMeter('finding');
for (const [kind, name, unit] of JSON.parse(readFileSync('instruments.json', 'utf8'))) {
  if (kind === 'histogram') meter.createHistogram(name, { unit }).record(0.05);
  if (kind === 'counter') meter.createCounter(name, { unit }).add(1, { topic: 'orders' });
  if (kind === 'gauge') meter.createGauge(name, { unit }).record(1);
}
const { resourceMetrics } = await exporter.collect();
const text = new PrometheusSerializer().serialize(resourceMetrics);
for (const [, name] of text.matchAll(/^# TYPE (\S+)/gm)) if (name !== 'target_info') console.log(name);
await exporter.shutdown();
EOF
cat >probe.py <<'EOF'
import json, re
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import REGISTRY, generate_latest

meter = MeterProvider(metric_readers=[PrometheusMetricReader()]).get_meter("finding")
for kind, name, unit in json.load(open("instruments.json")):
    if kind == "histogram":
        meter.create_histogram(name, unit=unit).record(0.05)
    if kind == "counter":
        meter.create_counter(name, unit=unit).add(1, {"topic": "orders"})
    if kind == "gauge":
        meter.create_gauge(name, unit=unit).set(1)
for name in re.findall(r"^# TYPE (\S+)", generate_latest(REGISTRY).decode(), re.M):
    if name.startswith(("messaging", "bridge")):
        print(name)
EOF
cat >expected <<'EOF'
Node:   messaging_client_operation_duration
Node:   messaging_process_duration
Node:   messaging_client_consumed_messages_total
Node:   bridge_copied_total
Node:   bridge_lag
Python: messaging_client_operation_duration_seconds
Python: messaging_process_duration_seconds
Python: messaging_client_consumed_messages_total
Python: bridge_copied_bytes_total
Python: bridge_lag_milliseconds
EOF
{
  node probe.mjs | sed 's/^/Node:   /'
  PYTHONPATH=python python3 probe.py | sed 's/^/Python: /'
} | tee seen
compare
