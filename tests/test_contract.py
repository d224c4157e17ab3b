"""The dashboard is written in another language: its lists must be the same as the services'."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline_core.messages import SENTIMENTS, TOPICS

LISTS = Path(__file__).parents[1] / "bsky-sentiment-web" / "lib"


def test_the_dashboard_knows_the_topics_in_their_order() -> None:
    assert tuple(re.findall(r'"([a-z_]+(?:_&_[a-z_]+)?)"', (LISTS / "topics.ts").read_text()))[: len(TOPICS)] == TOPICS


def test_the_dashboard_knows_the_sentiments_in_their_order() -> None:
    assert tuple(re.findall(r'"([A-Z]+)"', (LISTS / "sentiments.ts").read_text()))[: len(SENTIMENTS)] == SENTIMENTS
