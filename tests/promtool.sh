#!/usr/bin/env bash
# Makes sure that there is a promtool for the tests of the alerts: the one that is there, else that of Debian's Prometheus, put
# into the folder $1 without installing Prometheus.
set -euo pipefail
if command -v promtool >/dev/null || [ -x "$1/promtool" ]; then exit 0; fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fetch() {
  (cd "$folder" && apt-get download -qq prometheus) 2>/dev/null
}
if command -v dpkg-deb >/dev/null && { fetch || { apt-get update -qq 2>/dev/null && fetch; }; }; then
  echo "Unpacking promtool for the tests of the alerts"
  dpkg-deb --fsys-tarfile "$folder"/prometheus_*.deb | tar -xO ./usr/bin/promtool >"$folder/promtool"
  install "$folder/promtool" "$1/promtool"
else
  echo "No promtool on PATH: the tests of the alerts will be skipped. It comes with Prometheus, on Debian or Ubuntu with
apt-get update and apt-get install prometheus"
fi
