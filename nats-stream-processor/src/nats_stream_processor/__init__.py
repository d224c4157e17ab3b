"""Sentiment and topics for every post of the raw stream, on ordinary CPUs."""
