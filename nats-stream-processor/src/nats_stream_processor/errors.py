"""Why a model cannot be used."""

from __future__ import annotations

import re

_RUNTIMES_NUMBERS = re.compile(r"\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : ")
"""What onnxruntime begins each message with; the type of its error says the same."""


class ModelError(Exception):
    """The model cannot be used. The message says which file or name is wrong and what to do."""


class NoAnswer(ArithmeticError):
    """The model answered a post with what is not a number."""


def in_one_line(error: Exception) -> str:
    """What a model's library raised: its type and its words, in one line."""
    return f"{type(error).__name__}: {' '.join(_RUNTIMES_NUMBERS.sub('', str(error)).split())}"
