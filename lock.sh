#!/usr/bin/env bash
# Renews every lock: first the one of the development environment, then each service's own, held to the same versions.
# Locks carry hashes and no addresses, so that any mirror serves.
set -euo pipefail
cd "$(dirname "$0")"
services=(mock-ingest nats-firehose-ingest nats-stream-processor nats-stream-processor-topics gke-cluster)
compile=(uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header
  --no-emit-package bsky-pipeline-core --no-emit-package nats-stream-processor --no-emit-index-url --upgrade)

"${compile[@]}" pipeline-core/pyproject.toml "${services[@]/%//pyproject.toml}" requirements-dev.in -o requirements.lock
for service in "${services[@]}"; do
  # setuptools builds our own packages in the image.
  echo setuptools | "${compile[@]}" "$service/pyproject.toml" - --constraint requirements.lock -o "$service/requirements.lock"
done
