"""`python main.py`: the same as the command nats-stream-processor-topics."""

from nats_stream_processor_topics.__main__ import main

if __name__ == "__main__":
    main()
