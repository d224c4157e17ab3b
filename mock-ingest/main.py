"""`python main.py` does what the command `mock-ingest` does."""

import sys

from mock_ingest.main import main

if __name__ == "__main__":
    sys.exit(main())
