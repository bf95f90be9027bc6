#!/bin/sh
# Install the real programs that the system tests talk to, by name, from Debian.
set -eu
PEERS="prometheus prometheus-alertmanager victoria-metrics golang-go chromium"
missing=""
for name in $PEERS; do
  dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing="$missing $name"
done
# A tester of the keeper's API, in an environment of its own: it brings many libraries along.
if [ ! -x .cache/schemathesis/bin/st ]; then
  echo "peers: installing schemathesis"
  python3 -m venv .cache/schemathesis
  .cache/schemathesis/bin/python -m pip install -q --disable-pip-version-check "schemathesis==4.32.5"
fi
# The published schema of traces, and its kit, likewise.
if [ ! -x .cache/otel-venv/bin/python ]; then
  echo "peers: installing opentelemetry"
  python3 -m venv .cache/otel-venv
  .cache/otel-venv/bin/python -m pip install -q --disable-pip-version-check \
    "opentelemetry-sdk==1.45.2" "opentelemetry-proto==1.45.2"
fi
[ -z "$missing" ] && { echo "peers: all installed"; exit 0; }
command -v apt-get >/dev/null || { echo "peers: this needs Debian's apt-get; install by hand:$missing" >&2; exit 1; }
echo "peers: installing$missing"
apt-get update -q >/dev/null
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null
echo "peers: done"
