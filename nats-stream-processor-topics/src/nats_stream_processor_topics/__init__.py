"""Topics alone for every post of the raw stream: nats-stream-processor as a deployment of its own."""
