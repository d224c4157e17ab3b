"""Errors that an operator can act on: the message says what failed, with which value, and what to do."""

from __future__ import annotations

from nats.js.errors import APIError, ServiceUnavailableError


class ServiceError(Exception):
    """Ends the service with exit code 1 and its message as the last line of the log, without a traceback."""


class TopologyError(ServiceError):
    """A stream, consumer or bucket cannot be brought into the state that the settings ask for."""


class PublishRejected(Exception):
    """JetStream will never take this message, however often it is sent (too large, say)."""


def in_words(error: Exception) -> str:
    """What went wrong between us and the broker, for the operator."""
    if isinstance(error, ServiceUnavailableError) and error.err_code is None:  # nobody answers JetStream's subjects
        return "JetStream is not enabled on this broker"
    if isinstance(error, APIError) and error.description:
        return f"{error.description} (JetStream error {error.err_code})"
    return str(error) or type(error).__name__
