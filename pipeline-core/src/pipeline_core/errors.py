"""Errors that an operator can act on: the message says what failed, with which value, and what to do."""

from __future__ import annotations


class ServiceError(Exception):
    """Ends the service with exit code 1 and its message as the last line of the log, without a traceback."""


class TopologyError(ServiceError):
    """A stream, consumer or bucket cannot be brought into the state that the settings ask for."""


class PublishRejected(Exception):
    """JetStream will never take this message, however often it is sent (too large, say)."""
