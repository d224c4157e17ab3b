"""Where events come from: a relay, Jetstream, or a recorded capture."""
