"""`python main.py`: the same as the command nats-stream-processor."""

from nats_stream_processor.__main__ import main

if __name__ == "__main__":
    main()
