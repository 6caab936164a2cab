#!/usr/bin/env bash
# Changing one setting of a topic by kafkajs or aiokafka resets its others: a compacted topic begins to delete.
#
# Versions: kafkajs 2.2.4, aiokafka 0.14.0, @platformatic/kafka 2.12.1, Kafka 4.3.1.
# Expected: `alterConfigs` with max.message.bytes alone changes that, as kafka-configs.sh --add-config does.
# Seen:     what is not named goes back to the server's default: cleanup.policy from compact to delete, so that keys older than a
#           week go, and min.insync.replicas from 2 to 1. kafkajs's documentation ("Update the configuration for the specified
#           resources") does not tell, and its answer is a success. It is how Kafka's request AlterConfigs is meant; Java's clients
#           deprecated it in 2.3 and no longer have it since 4.0, the server still takes it. kafkajs and aiokafka have no other; of
#           @platformatic/kafka's two, only incrementalAlterConfigs leaves the rest alone.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages kafkajs@2.2.4 @platformatic/kafka@2.12.1 node@22.23.3
python3 -m pip install -q --disable-pip-version-check --root-user-action=ignore --target python aiokafka==0.14.0
kafka_server_package 4.3.1
cat >alter.py <<'EOF'
import asyncio, os
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType


async def main():
    admin = AIOKafkaAdminClient(bootstrap_servers=os.environ["KAFKA"])
    await admin.start()
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, "by-aiokafka", {"max.message.bytes": "2000000"})])
    await admin.close()


asyncio.run(main())
EOF
cat >probe.mjs <<'EOF'
import { Admin, ConfigResourceTypes as Types } from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import { execFileSync } from 'node:child_process';

const { ConfigResourceTypes, Kafka, logLevel } = kafkajs;
const kafka = new Kafka({ brokers: [process.env.KAFKA], logLevel: logLevel.NOTHING, retry: { retries: 90, maxRetryTime: 1_000 } });
const admin = kafka.admin();
await admin.connect();
const platformatic = new Admin({ clientId: 'operator', bootstrapBrokers: [process.env.KAFKA] });
const asked = { name: 'max.message.bytes', value: '2000000' };
const changes = {
  kafkajs: (topic) =>
    admin.alterConfigs({ validateOnly: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [asked] }] }),
  aiokafka: () => execFileSync('python3', ['alter.py']),
  'platformatic, alterConfigs': (topic) =>
    platformatic.alterConfigs({ resources: [{ resourceType: Types.TOPIC, resourceName: topic, configs: [asked] }] }),
  'platformatic, incrementalAlterConfigs': (topic) =>
    platformatic.incrementalAlterConfigs({ resources: [{ resourceType: Types.TOPIC, resourceName: topic, configs: [{ ...asked, configOperation: 0 }] }] }),
};
const configNames = ['cleanup.policy', 'min.insync.replicas', 'max.message.bytes'];
async function settings(topic) {
  const { resources } = await admin.describeConfigs({ resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames }] });
  const found = Object.fromEntries(resources[0].configEntries.map(({ configName, configValue }) => [configName, configValue]));
  return configNames.map((name) => `${name} ${found[name]}`).join(', ');
}
const configEntries = [{ name: 'cleanup.policy', value: 'compact' }, { name: 'min.insync.replicas', value: '2' }];
for (const [by, change] of Object.entries(changes)) {
  const topic = `by-${by.replace(', ', '-')}`;
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: true });
  if (by === 'kafkajs') console.log(`made: ${await settings(topic)}`);
  await change(topic);
  console.log(`max.message.bytes set by ${by}: ${await settings(topic)}`);
}
await admin.disconnect();
await platformatic.close();
EOF
cat >expected <<'EOF'
made: cleanup.policy compact, min.insync.replicas 2, max.message.bytes 1048588
max.message.bytes set by kafkajs: cleanup.policy delete, min.insync.replicas 1, max.message.bytes 2000000
max.message.bytes set by aiokafka: cleanup.policy delete, min.insync.replicas 1, max.message.bytes 2000000
max.message.bytes set by platformatic, alterConfigs: cleanup.policy delete, min.insync.replicas 1, max.message.bytes 2000000
max.message.bytes set by platformatic, incrementalAlterConfigs: cleanup.policy compact, min.insync.replicas 2, max.message.bytes 2000000
EOF
start_kafka_server
PYTHONPATH=python ./node_modules/.bin/node probe.mjs | tee seen
compare
