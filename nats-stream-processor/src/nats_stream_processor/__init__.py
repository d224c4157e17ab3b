"""Adds sentiment and topics to posts."""

import os

# onnxruntime reports to its maker, beginning with its import, unless it is told not to before that.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
# The tokenizer would start a thread for each CPU of the host, however few are ours.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
