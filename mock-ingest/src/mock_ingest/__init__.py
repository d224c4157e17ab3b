"""A seeded, endless world of posts: published to NATS, or served as an AT Protocol firehose."""
