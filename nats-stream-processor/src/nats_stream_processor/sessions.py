"""What opens a model, whoever uses it: its session and its tokenizer."""

from __future__ import annotations

import ctypes
from pathlib import Path

import onnxruntime  # type: ignore[import-untyped]
from tokenizers import Tokenizer

from nats_stream_processor.errors import ModelError, in_one_line

FATAL = 4  # of onnxruntime's severities


def open_session(model: Path | bytes, threads: int, file: Path) -> onnxruntime.InferenceSession:
    """`model` as a path where the graph may have external data beside it; `file` is how an error calls it.
    Raises ModelError."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Of each shape of a batch it would remember where its arrays go, and hold them all: 50 MB for nothing.
    options.enable_mem_pattern = False
    # Spinning threads would take the processor from the event loop between batches.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Of what fails it raises an error, which is told in our log: its own line there would be no JSON.
    options.log_severity_level = FATAL
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no narrower base
        raise ModelError(f"{file} cannot be loaded by onnxruntime ({in_one_line(error)}). Restore it.") from error


def open_tokenizer(definition: bytes, max_tokens: int, file: Path) -> Tokenizer:
    """One that cuts texts to `max_tokens` and does not pad; `file` is how an error calls it. Raises ModelError."""
    try:
        tokenizer = Tokenizer.from_buffer(definition)
    except ValueError as error:
        raise ModelError(f"{file} is not a tokenizer: {error}. Restore it.") from error
    tokenizer.encode_special_tokens = True  # "[SEP]" written in a post is text
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def give_back_freed() -> None:
    """What loading has freed goes back to the system, where the C library can: it would keep some 13 MB for later."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
