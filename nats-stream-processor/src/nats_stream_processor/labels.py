"""What a model calls its labels, brought into our order. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_core.messages import SENTIMENTS, TOPICS

_WORDS = re.compile(r"[a-z0-9]+")
_UNNAMED = "label_"  # LABEL_0 and so on: what transformers calls labels that nobody named


@dataclass(frozen=True, slots=True)
class LabelSet:
    """What a model is asked, and what we call the answers."""

    kind: str
    """As its settings begin: `sentiment` stands for SENTIMENT_MODEL_NAME."""
    names: tuple[str, ...]
    independent: bool
    """Whether a post can have several of the labels: how a model is read whose configuration does not say."""
    unnamed_in_order: bool
    """Whether labels that nobody named are ours, in our order."""


SENTIMENT_LABELS = LabelSet("sentiment", tuple(map(str.lower, SENTIMENTS)), independent=False, unnamed_in_order=True)
"""LABEL_0 to LABEL_2 of the well-known models of tweets mean negative, neutral, positive."""
TOPIC_LABELS = LabelSet("topic", TOPICS, independent=True, unnamed_in_order=False)


def columns(theirs: Mapping[int, str], ours: LabelSet) -> tuple[int, ...]:
    """For each of our labels the column of the model's output. `theirs`: the model's label of each column.

    Case does not matter, nor how words are joined (`Arts & Culture`, `arts_and_culture`). Raises ValueError naming the
    labels that are missing or unknown.
    """
    wanted = {_key(label): label for label in ours.names}
    if ours.unnamed_in_order and len(theirs) == len(ours.names):
        wanted |= {f"{_UNNAMED}{index}": label for index, label in enumerate(ours.names)}
    found: dict[str, int] = {}
    unknown: list[str] = []
    for column, name in sorted(theirs.items()):
        label = wanted.get(_key(name))
        if label is None or label in found:
            unknown.append(name)
        else:
            found[label] = column
    missing = [label for label in ours.names if label not in found]
    if missing or unknown or sorted(theirs) != list(range(len(ours.names))):
        raise ValueError(
            f"its labels are not ours of {ours.kind}: "
            f"missing {', '.join(missing) or 'none'}; unknown or named twice {', '.join(unknown) or 'none'}"
        )
    return tuple(found[label] for label in ours.names)


def _key(name: str) -> str:
    return "_".join(word for word in _WORDS.findall(name.lower()) if word != "and")
