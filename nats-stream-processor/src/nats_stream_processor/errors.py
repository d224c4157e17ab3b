"""Why a model cannot be used."""

from __future__ import annotations


class ModelError(Exception):
    """The model cannot be used. The message says which file or name is wrong and what to do."""
