#!/usr/bin/env bash
# The Kafka messages of CloudEvents' JavaScript SDK cannot be sent by kafkajs, and those that kafkajs reads not be parsed.
#
# Versions: cloudevents 10.0.0, kafkajs 2.2.4.
# Expected: `producer.send({ topic, messages: [Kafka.binary(event)] })` sends, `Kafka.toEvent(message)` reads what arrives.
# Seen:     in binary mode every message is refused by kafkajs's encoder with a TypeError: `headers` holds `undefined` for
#           each attribute that the event does not have (ce_subject, ce_dataschema …), and JSON data is an object, not text.
#           What is read has Buffers as headers: `isEvent` of a binary message is true, and `toEvent` of it throws
#           "contentType.startsWith is not a function". `ce_datacontenttype` is written beside `content-type`, though the
#           Kafka binding maps datacontenttype to content-type alone. Structured mode can be sent; reading fails alike.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages cloudevents@10.0.0 kafkajs@2.2.4
cat >probe.cjs <<'EOF'
const { CloudEvent, Kafka } = require('cloudevents');
// The part of a produce request that kafkajs makes of one message; no server is needed to see it refuse.
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0');

const attempt = (what) => {
  try {
    return what();
  } catch (error) {
    return `${error.name}: ${error.message.replace(/\s+/g, ' ')}`;
  }
};
const send = ({ key, value, headers }) => attempt(() => (encodeRecord({ key, value, headers }), 'encoded'));
const base = { id: '1', source: '/orders', type: 'created' };
const asRead = ({ key, value, headers }) => ({
  key: key === undefined ? null : Buffer.from(key),
  value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
  headers: Object.fromEntries(Object.entries(headers).flatMap(([k, v]) => (v === undefined ? [] : [[k, Buffer.from(String(v))]]))),
});

const json = Kafka.binary(new CloudEvent({ ...base, datacontenttype: 'application/json', data: { total: 3 } }));
const text = Kafka.binary(new CloudEvent({ ...base, datacontenttype: 'text/plain', data: 'hi' }));
const structured = Kafka.structured(new CloudEvent({ ...base, data: 'hi' }));
console.log(`binary, JSON data, sent: ${send(json)}`);
console.log(`binary, text data, sent: ${send(text)}`);
console.log(`binary, headers without a value: ${Object.keys(text.headers).filter((name) => text.headers[name] === undefined).length}`);
console.log(`binary, data content type stands in: ${Object.keys(text.headers).filter((name) => text.headers[name] === 'text/plain')}`);
console.log(`structured, sent: ${send(structured)}`);
console.log(`binary, read: isEvent ${Kafka.isEvent(asRead(text))}, toEvent ${attempt(() => Kafka.toEvent(asRead(text)).data)}`);
console.log(`structured, read: toEvent ${attempt(() => Kafka.toEvent(asRead(structured)).data)}`);
EOF
cat >expected <<'EOF'
binary, JSON data, sent: TypeError: The "string" argument must be of type string or an instance of Buffer or ArrayBuffer. Received an instance of Object
binary, text data, sent: TypeError: The "string" argument must be of type string or an instance of Buffer or ArrayBuffer. Received undefined
binary, headers without a value: 4
binary, data content type stands in: content-type,ce_datacontenttype
structured, sent: encoded
binary, read: isEvent true, toEvent TypeError: contentType.startsWith is not a function
structured, read: toEvent TypeError: headers[__1.CONSTANTS.HEADER_CONTENT_TYPE]?.startsWith is not a function
EOF
node probe.cjs | tee seen
compare
