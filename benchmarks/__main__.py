"""`make bench`."""

from __future__ import annotations

import asyncio
import sys

from benchmarks import decoding, ingest, processor


def main() -> None:
    """Run all, slowest last. What can be chosen is the processor's."""
    chosen = processor.options("python -m benchmarks").parse_args()
    try:
        decoding.run()
        asyncio.run(ingest.run())
        processor.run(chosen)
    except KeyboardInterrupt:
        sys.exit(processor.INTERRUPTED)


if __name__ == "__main__":
    main()
