"""Bluesky's firehose into a JetStream stream: every post, once."""
