#!/usr/bin/env bash
# The JSON Schema that AsyncAPI's parser makes of a Protobuf message refuses that message's own JSON, and takes a map for its value.
#
# Versions: @asyncapi/parser 3.6.6 with @asyncapi/protobuf-schema-parser 3.9.0, ajv 8.20.0; protobuf 7.36.2 and grpcio-tools 1.85.1
#           (Python), which write the JSON.
# Expected: one AsyncAPI document with the .proto describes a message wherever it goes: as Protobuf on Kafka and, behind a bridge,
#           in the JSON that Protobuf's libraries write. Validated by the parsed document's schema, that JSON fits.
# Seen:     a string, bytes and what is `optional` fit. An int64 is to be an integer, no string; a Timestamp an object; `order_id`,
#           not `orderId`, is required, and so are a count and a list without `optional`, though the JSON leaves out a count of 0
#           and an empty list. And a `map<string, string>` is to be one string, which no reading of the message is. The parser
#           itself reports no error, though it is given the same JSON as the message's example.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages @asyncapi/parser@3.6.6 @asyncapi/protobuf-schema-parser@3.9.0 ajv@8.20.0
python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target python grpcio-tools==1.85.1 grpcio==1.85.3 protobuf==7.36.2
cat >write.py <<'EOF'
# Each message as protoc and Google's library have it: the .proto and the JSON.
import importlib.resources, json
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_tools import protoc

trials = [
    ("string id = 1;", {"id": "a"}),
    ("optional string note = 1;", {}),
    ("bytes picture = 1;", {"picture": "AQID"}),
    ("int64 total = 1;", {"total": 5}),
    ("map<string, string> labels = 1;", {"labels": {"color": "red"}}),
    ("google.protobuf.Timestamp at = 1;", {"at": "2026-01-01T00:00:00Z"}),
    ("string order_id = 1;", {"order_id": "a"}),
    ("int32 count = 1;", {"count": 0}),
    ("repeated string tags = 1;", {"tags": []}),
]
include = importlib.resources.files("grpc_tools") / "_proto"
written = []
for field, given in trials:
    imported = 'import "google/protobuf/timestamp.proto";\n' if "Timestamp" in field else ""
    proto = f'syntax = "proto3";\n{imported}message Order {{ {field} }}\n'
    with open("order.proto", "w") as file:
        file.write(proto)
    assert protoc.main(["", "-I.", f"-I{include}", "--include_imports", "--descriptor_set_out=order.set", "order.proto"]) == 0
    with open("order.set", "rb") as file:
        files = descriptor_pb2.FileDescriptorSet.FromString(file.read()).file
    pool = descriptor_pool.DescriptorPool()
    for file in files:
        pool.Add(file)
    message = message_factory.GetMessageClass(pool.FindMessageTypeByName("Order"))()
    json_format.ParseDict(given, message)
    written.append({"field": field, "proto": proto, "json": json_format.MessageToDict(message)})
with open("written.json", "w") as file:
    json.dump(written, file)
EOF
cat >probe.mjs <<'EOF'
import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';
import { ProtoBuffSchemaParser } from '@asyncapi/protobuf-schema-parser';
import Ajv from 'ajv';

const parser = new Parser();
parser.registerSchemaParser(ProtoBuffSchemaParser());
const ajv = new Ajv({ strict: false, validateFormats: false });
for (const { field, proto, json } of JSON.parse(readFileSync('written.json', 'utf8'))) {
  const payload = { schemaFormat: 'application/vnd.google.protobuf;version=3', schema: proto };
  const { document, diagnostics } = await parser.parse({
    ...{ asyncapi: '3.0.0', info: { title: 'shop', version: '1' } },
    channels: { orders: { address: 'orders', messages: { order: { payload, examples: [{ payload: json }] } } } },
  });
  const errors = diagnostics.filter(({ severity }) => severity === 0).length;
  const validate = ajv.compile(document.allMessages()[0].payload().json().schema);
  const verdict = validate(json) ? 'fits' : validate.errors.map(({ instancePath, message }) => `${instancePath} ${message}`.trim()).join('; ');
  console.log(`${field} written as ${JSON.stringify(json)}: ${errors} errors of the parser; ${verdict}`);
}
EOF
cat >expected <<'EOF'
string id = 1; written as {"id":"a"}: 0 errors of the parser; fits
optional string note = 1; written as {}: 0 errors of the parser; fits
bytes picture = 1; written as {"picture":"AQID"}: 0 errors of the parser; fits
int64 total = 1; written as {"total":"5"}: 0 errors of the parser; /total must be integer
map<string, string> labels = 1; written as {"labels":{"color":"red"}}: 0 errors of the parser; /labels must be string
google.protobuf.Timestamp at = 1; written as {"at":"2026-01-01T00:00:00Z"}: 0 errors of the parser; /at must be object
string order_id = 1; written as {"orderId":"a"}: 0 errors of the parser; must have required property 'order_id'
int32 count = 1; written as {}: 0 errors of the parser; must have required property 'count'
repeated string tags = 1; written as {}: 0 errors of the parser; must have required property 'tags'
EOF
PYTHONPATH=python python3 write.py
node probe.mjs | tee seen
compare
