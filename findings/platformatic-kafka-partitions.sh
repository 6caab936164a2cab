#!/usr/bin/env bash
# @platformatic/kafka puts about half of all keys on another partition than Java's and kafkajs's default partitioners do.
#
# Versions: @platformatic/kafka 2.12.1, kafkajs 2.2.4 (DefaultPartitioner: as Java's, murmur2 with the sign bit cleared).
# Expected: two clients that hash keys by murmur2 agree on the partition, as the order of a key depends on it.
# Seen:     the default takes the hash as an unsigned number instead of clearing its sign bit. On topics with 1, 2, 4, 8 …
#           partitions nothing differs, so that a small test shows nothing; with 3, 5, 6, 12 partitions 29 of 60 keys
#           do. Its `compatibilityPartitioner` clears the bit; it has to be asked for, by each producer.
source "$(dirname "${BASH_SOURCE[0]}")/support/probe.sh"
npm_packages @platformatic/kafka@2.12.1 kafkajs@2.2.4 node@22.23.3
cat >probe.mjs <<'EOF'
import { compatibilityPartitioner, defaultPartitioner } from '@platformatic/kafka';
import kafkajs from 'kafkajs';

const keys = Array.from({ length: 60 }, (_, i) => `customer-${i}`);
const differing = (partitioner, partitions) => {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({ partitionId, leader: 1 }));
  const javas = kafkajs.Partitioners.DefaultPartitioner();
  return keys.filter((key) => {
    const theirs = javas({ topic: 'orders', partitionMetadata, message: { key: Buffer.from(key) } });
    return partitioner({}, Buffer.from(key)) % partitions !== theirs;
  }).length;
};

for (const partitions of [4, 8, 3, 5, 6, 12])
  console.log(
    `${partitions} partitions: ${differing(defaultPartitioner, partitions)} of ${keys.length} keys differ,`,
    `${differing(compatibilityPartitioner, partitions)} with compatibilityPartitioner`,
  );
EOF
cat >expected <<'EOF'
4 partitions: 0 of 60 keys differ, 0 with compatibilityPartitioner
8 partitions: 0 of 60 keys differ, 0 with compatibilityPartitioner
3 partitions: 29 of 60 keys differ, 0 with compatibilityPartitioner
5 partitions: 29 of 60 keys differ, 0 with compatibilityPartitioner
6 partitions: 29 of 60 keys differ, 0 with compatibilityPartitioner
12 partitions: 29 of 60 keys differ, 0 with compatibilityPartitioner
EOF
./node_modules/.bin/node probe.mjs | tee seen
compare
