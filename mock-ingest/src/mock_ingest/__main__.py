"""`python -m mock_ingest` does what the command `mock-ingest` does."""

import sys

from mock_ingest.main import main

sys.exit(main())
