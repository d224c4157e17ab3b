"""`python main.py`: the same as the command nats-firehose-ingest."""

from nats_firehose_ingest.__main__ import main

if __name__ == "__main__":
    main()
