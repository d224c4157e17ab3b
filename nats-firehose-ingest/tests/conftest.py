from __future__ import annotations

from collections.abc import Iterator

import pytest
from pipeline_core.testing import Broker, running_broker


@pytest.fixture
def broker() -> Iterator[Broker]:
    with running_broker() as started:
        yield started
