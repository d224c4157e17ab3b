from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipeline_core.timestamps import format_utc, rfc3339_utc


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_in_our_own_form_is_kept_as_it_is(moment: datetime) -> None:
    text = format_utc(moment)
    assert rfc3339_utc(text) == text


@pytest.mark.parametrize(
    ("given_text", "utc"),
    [
        ("2026-07-04T14:38:08.999Z", "2026-07-04T14:38:08.999Z"),
        ("2026-07-04T14:38:08.123456789Z", "2026-07-04T14:38:08.123456789Z"),
        ("2026-07-04T14:38:08-07:00", "2026-07-04T21:38:08.000Z"),
        ("2026-07-04t14:38:08z", "2026-07-04T14:38:08.000Z"),
    ],
)
def test_other_offsets_become_utc(given_text: str, utc: str) -> None:
    assert rfc3339_utc(given_text) == utc


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "2026-07-04",
        "2026-13-04T14:38:08Z",
        "2026-07-04T14:38:08",
        "2026-02-30T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_what_is_no_time_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        rfc3339_utc(wrong)
