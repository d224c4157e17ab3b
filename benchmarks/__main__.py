"""`make bench`."""

from __future__ import annotations

import asyncio

from benchmarks import decoding, ingest, processor


def main() -> None:
    """Run all, slowest last."""
    decoding.run()
    asyncio.run(ingest.run())
    asyncio.run(processor.run())


if __name__ == "__main__":
    main()
