"""From the bytes of an upstream to events."""
