#!/usr/bin/env bash
# Makes sure that there is a Chromium for the browser tests: the one that is there, else Debian's, where we may install it.
set -euo pipefail
for browser in chromium chromium-browser google-chrome; do
  if command -v "$browser" >/dev/null; then exit 0; fi
done
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "Installing Chromium for the browser tests"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
else
  echo "No Chromium on PATH: the browser tests will be skipped. On Debian or Ubuntu: sudo apt-get install chromium"
fi
