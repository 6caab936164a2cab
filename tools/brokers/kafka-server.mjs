import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { java, kafkaClassPath } from './kafka-install.mjs';
import { host } from './paths.mjs';
import { runTool, spawnServer } from './process.mjs';

/** A cheap JIT starts faster; KAFKA_JVM_OPTS="-Xmx1g", without TieredStopAtLevel, is for measuring. */
const jvm = (heap) => (process.env.KAFKA_JVM_OPTS ?? `-Xmx${heap} -XX:+UseSerialGC -XX:TieredStopAtLevel=1`).split(' ');

/**
 * One node of a KRaft cluster. The first node also is the controller: a second one may be killed
 * and the cluster still elects leaders.
 * @param node { folder, id, port, controllerPort, clusterId, replicas, heap, advertisedPort?, secured? }
 * `secured` opens one more port: { port, keystore (PKCS 12), keystorePassword, username, password }.
 */
const properties = (node) => ({
  'process.roles': node.id === 1 ? 'broker,controller' : 'broker',
  'node.id': node.id,
  'controller.quorum.voters': `1@${host}:${node.controllerPort}`,
  listeners: [
    `PLAINTEXT://${host}:${node.port}`,
    ...(node.id === 1 ? [`CONTROLLER://${host}:${node.controllerPort}`] : []),
    ...(node.secured ? [`SASL_SSL://${host}:${node.secured.port}`] : []),
  ].join(','),
  'advertised.listeners': [
    `PLAINTEXT://${host}:${node.advertisedPort ?? node.port}`,
    ...(node.secured ? [`SASL_SSL://${host}:${node.secured.port}`] : []),
  ].join(','),
  'controller.listener.names': 'CONTROLLER',
  'inter.broker.listener.name': 'PLAINTEXT',
  'log.dirs': join(node.folder, 'data'),
  'num.partitions': 4,
  'auto.create.topics.enable': true,
  'offsets.topic.replication.factor': node.replicas,
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.replication.factor': node.replicas,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 4,
  // The default of 3 s would delay every first join of a group.
  'group.initial.rebalance.delay.ms': 0,
  // A node that was killed is missed, and may come back, after 2 s instead of 9 s.
  'broker.session.timeout.ms': 2000,
  'broker.heartbeat.interval.ms': 500,
  ...(node.secured ? security(node.secured) : {}),
});

const logins = 'org.apache.kafka.common.security';
const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];

const security = ({ keystore, keystorePassword, username, password }) => ({
  'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL',
  'sasl.enabled.mechanisms': ['PLAIN', ...scram].join(','),
  'listener.name.sasl_ssl.plain.sasl.jaas.config': `${logins}.plain.PlainLoginModule required user_${username}="${password}";`,
  ...Object.fromEntries(
    scram.map((mechanism) => [
      `listener.name.sasl_ssl.${mechanism.toLowerCase()}.sasl.jaas.config`,
      `${logins}.scram.ScramLoginModule required;`,
    ]),
  ),
  // Who came without credentials, as other nodes do, may do everything; others until an ACL names a topic.
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
  'allow.everyone.if.no.acl.found': true,
  'ssl.keystore.type': 'PKCS12',
  'ssl.keystore.location': keystore,
  'ssl.keystore.password': keystorePassword,
});

/** Writes a node's configuration and formats its storage; the node may then be started any number of times. */
export async function prepareKafkaNode(node, started) {
  mkdirSync(node.folder, { recursive: true });
  const lines = Object.entries(properties(node)).map(([key, value]) => `${key}=${value}`);
  const file = join(node.folder, 'server.properties');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const classPath = await kafkaClassPath();
  // An id may begin with '-': as a word of its own it would be taken for an option.
  const format = ['format', `--cluster-id=${node.clusterId}`, '-c', file, ...scramUsers(node.secured)];
  await runTool(java, ['-Xmx128m', '-cp', classPath, 'kafka.tools.StorageTool', ...format], { started });
}

/** Of SCRAM the cluster itself keeps the users, from its formatting on. */
function scramUsers(secured) {
  if (secured === undefined) return [];
  const { username, password } = secured;
  return scram.flatMap((mechanism) => ['--add-scram', `${mechanism}=[name=${username},password=${password}]`]);
}

/** Resolves when the process runs; it is ready some 3 s later. */
export async function startKafkaNode(node, started) {
  const file = join(node.folder, 'server.properties');
  const args = [...jvm(node.heap), '-cp', await kafkaClassPath(), 'kafka.Kafka', file];
  return spawnServer(java, args, kafkaLog(node.folder), started);
}

export const kafkaLog = (folder) => join(folder, 'kafka.log');
