#!/usr/bin/env bash
# One CloudEvent has two times: which one is sent depends on the binding and its mode.
#
# Version:  cloudevents 10.0.0 (JavaScript SDK).
# Expected: `time` crosses as it was given, whatever the binding and the mode (RFC 3339 allows any number of digits).
# Seen:     the Kafka binding's binary mode writes all nine digits; its structured mode, and both modes of the HTTP binding,
#           write three, with the rest cut off. Behind one hop over HTTP, or one change of mode, the same event has another
#           `time`: who tells events apart or orders them by it sees two.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages cloudevents@10.0.0
cat >probe.cjs <<'EOF'
const { CloudEvent, HTTP, Kafka } = require('cloudevents');

const time = '2026-01-01T00:00:00.123456789Z';
const event = new CloudEvent({ id: '1', source: '/orders', type: 'created', datacontenttype: 'text/plain', data: 'hi', time });
const inside = (text) => JSON.parse(text).time;
console.log(`given: ${time}`);
console.log(`Kafka binary: ${Kafka.binary(event).headers.ce_time}`);
console.log(`Kafka structured: ${inside(Kafka.structured(event).value)}`);
console.log(`HTTP binary: ${HTTP.binary(event).headers['ce-time']}`);
console.log(`HTTP structured: ${inside(HTTP.structured(event).body)}`);
const hop = HTTP.toEvent(HTTP.binary(event));
console.log(`read from binary: ${hop.time}, sent on structured: ${inside(Kafka.structured(hop).value)}`);
EOF
cat >expected <<'EOF'
given: 2026-01-01T00:00:00.123456789Z
Kafka binary: 2026-01-01T00:00:00.123456789Z
Kafka structured: 2026-01-01T00:00:00.123Z
HTTP binary: 2026-01-01T00:00:00.123Z
HTTP structured: 2026-01-01T00:00:00.123Z
read from binary: 2026-01-01T00:00:00.123Z, sent on structured: 2026-01-01T00:00:00.123Z
EOF
node probe.cjs | tee seen
compare
