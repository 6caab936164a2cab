#!/usr/bin/env bash
# Protobuf records of KafkaJS's schema registry client lose their first fields, or all, when Confluent's client reads them.
#
# Versions: @kafkajs/confluent-schema-registry 3.9.0, confluent-kafka 2.15.0 with protobuf 7.36.2 (Python).
# Expected: both write Confluent's wire format, as they do for Avro: a zero, the schema's id, for Protobuf the place of the message
#           type within its schema (0 for the first), the message.
# Seen:     KafkaJS's writes no place. Confluent's takes the first bytes of the message for one: { id: "A1", total: 3 } is an order
#           without any field, and no error; a longer one lacks its first fields; a short one fails for want of bytes.
#           The other way round KafkaJS's skips zeros, which is right for the first type of a schema, if it has any field set:
#           one of default values alone is refused, and so is every message of the second type.
#           (kafkajs/confluent-schema-registry #152, open since 2021.)
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages @kafkajs/confluent-schema-registry@3.9.0
python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target python 'confluent-kafka[protobuf,schemaregistry]==2.15.0' protobuf==7.36.2
cat >probe.mjs <<'EOF'
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import registries from '@kafkajs/confluent-schema-registry';

const schema = `syntax = "proto3"; package shop;
message Order { string id = 1; int32 total = 2; string note = 3; }
message Refund { string id = 1; int32 total = 2; string note = 3; }`;
// A registry that knows one schema, by its number, is all that the client needs.
const server = createServer((_, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ schema, schemaType: 'PROTOBUF' }));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const host = `http://127.0.0.1:${server.address().port}`;
const client = (messageName) => new registries.SchemaRegistry({ host }, { [registries.SchemaType.PROTOBUF]: { messageName } });
const kafkajs = { Order: client('Order'), Refund: client('Refund') };
const python = (...args) => JSON.parse(spawnSync('python3', ['-W', 'ignore', 'confluent.py', ...args], { encoding: 'utf8' }).stdout);
const text = JSON.stringify;

for (const order of [{ id: 'A1', total: 3 }, { id: 'A1', total: 3, note: 'x' }, { total: 3 }]) {
  const bytes = await kafkajs.Order.encode(1, order);
  console.log(`Order ${text(order)} by KafkaJS's client, ${bytes.toString('hex')}, read by Confluent's: ${python('read', 'Order', bytes.toString('hex'))}`);
}
for (const [type, value] of [['Order', { id: 'A1', total: 3 }], ['Order', {}], ['Refund', { id: 'A1', total: 3 }]]) {
  const hex = python('write', type, text(value));
  const read = await kafkajs[type].decode(Buffer.from(hex, 'hex')).then(text, (error) => error.message);
  console.log(`${type} ${text(value)} by Confluent's client, ${hex}, read by KafkaJS's: ${read}`);
}
server.close();
server.closeAllConnections();
EOF
cat >confluent.py <<'EOF'
import json, sys
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

file = descriptor_pb2.FileDescriptorProto(name="order.proto", package="shop", syntax="proto3")
for message in ("Order", "Refund"):
    kind = file.message_type.add(name=message)
    for number, (name, code) in enumerate((("id", 9), ("total", 5), ("note", 9)), 1):
        kind.field.add(name=name, number=number, type=code, label=1)
pool = descriptor_pool.DescriptorPool()
pool.Add(file)
what, message, given = sys.argv[1:]
Message = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"shop.{message}"))
context = SerializationContext("orders", MessageField.VALUE)


if what == "write":
    write = ProtobufSerializer(Message, SchemaRegistryClient.new_client({"url": "mock://registry"}), {"use.deprecated.format": False})
    print(json.dumps(write(json_format.ParseDict(json.loads(given), Message()), context).hex()))
else:
    try:
        order = ProtobufDeserializer(Message, {"use.deprecated.format": False})(bytes.fromhex(given), context)
        print(json.dumps(json.dumps(json_format.MessageToDict(order), separators=(",", ":"))))
    except Exception as error:
        print(json.dumps(f"{type(error).__name__}: {error}"))
EOF
cat >expected <<'EOF'
Order {"id":"A1","total":3} by KafkaJS's client, 00000000010a0241311003, read by Confluent's: {}
Order {"id":"A1","total":3,"note":"x"} by KafkaJS's client, 00000000010a02413110031a0178, read by Confluent's: {"note":"x"}
Order {"total":3} by KafkaJS's client, 00000000011003, read by Confluent's: EOFError: Unexpected EOF while reading index
Order {"id":"A1","total":3} by Confluent's client, 0000000001000a0241311003, read by KafkaJS's: {"id":"A1","total":3}
Order {} by Confluent's client, 000000000100, read by KafkaJS's: index out of range: 1 + 1 > 1
Refund {"id":"A1","total":3} by Confluent's client, 000000000102020a0241311003, read by KafkaJS's: index out of range: 5 + 8 > 8
EOF
PYTHONPATH=python node probe.mjs | tee seen
compare
