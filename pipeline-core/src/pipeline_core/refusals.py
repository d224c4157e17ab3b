"""What the broker refuses, in words that an operator understands."""

from __future__ import annotations

from nats.js.errors import APIError, ServiceUnavailableError


def in_words(error: Exception) -> str:
    """What went wrong between us and the broker, for the operator."""
    if isinstance(error, ServiceUnavailableError) and error.err_code is None:  # nobody answers JetStream's subjects
        return "JetStream is not enabled on this broker"
    if isinstance(error, APIError) and error.description:
        return f"{error.description} (JetStream error {error.err_code})"
    return str(error) or type(error).__name__
