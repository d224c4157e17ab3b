"""Why a model cannot be used, or a message cannot be read."""

from __future__ import annotations

import re

from pydantic import ValidationError

_RUNTIMES_NUMBERS = re.compile(r"\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : ")
"""What onnxruntime begins each message with; the type of its error says the same."""


class ModelError(Exception):
    """The model cannot be used. The message says which file or name is wrong and what to do."""


class NoAnswer(ArithmeticError):
    """The model answered a post with what is not a number."""


def in_one_line(error: Exception) -> str:
    """What a model's library raised: its type and its words, in one line."""
    return f"{type(error).__name__}: {' '.join(_RUNTIMES_NUMBERS.sub('', str(error)).split())}"


def what_is_invalid(error: ValidationError) -> str:
    """Which part of a payload makes it no message of the raw stream, without its content."""
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "union_tag_invalid":
        return "not a JSON object whose kind is create (or left out), update, delete or account"
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}".removeprefix(": ")
