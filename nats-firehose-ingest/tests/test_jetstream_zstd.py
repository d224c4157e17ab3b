"""Lines of Jetstream that come packed, or damaged."""

from __future__ import annotations

import json

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from jetstream import DICTIONARY_V1, packer
from nats_firehose_ingest.decoding.jetstream import decode_v1, decoder_of
from nats_firehose_ingest.events import UpstreamError
from nats_firehose_ingest.sources.jetstream import LARGEST_LINE, JetstreamV1, JetstreamV2
from nats_firehose_ingest.sources.upstream import Dialect
from recorded import DICTIONARIES, NOW, TOLD

BOMB = zstandard.ZstdCompressor().compress(bytes(LARGEST_LINE + 1))
HIDDEN_BOMB = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(LARGEST_LINE + 1))
PACKED = packer(DICTIONARY_V1).compress(TOLD[0].v1)


def test_a_zstd_frame_is_read_with_its_dictionary_whether_it_says_its_size_or_not() -> None:
    silent = zstandard.ZstdCompressor(
        dict_data=zstandard.ZstdCompressionDict(DICTIONARY_V1), write_content_size=False
    ).compress(TOLD[0].v1)
    for packed in (PACKED, silent, TOLD[0].v1):
        assert JetstreamV1().decode("host", packed, NOW) == decode_v1("host", TOLD[0].v1, NOW)


@pytest.mark.parametrize("dialect", [JetstreamV1(), JetstreamV2()])
@pytest.mark.parametrize(
    "data",
    [
        BOMB,
        HIDDEN_BOMB,
        PACKED[:4],
        PACKED[:-9],
        packer(DICTIONARIES[0]).compress(TOLD[0].v2),
        zstandard.ZstdCompressor().compress(b"garbage"),
    ],
)
def test_a_zstd_frame_that_cannot_be_read_or_would_be_too_large_costs_itself_alone(
    dialect: Dialect, data: bytes
) -> None:
    event = dialect.decode("host", data, NOW)
    assert [bad.reason for bad in event.bad] == ["undecodable_frame"]
    assert event.bad[0].payload in (data, b"garbage")


DIALECTS: dict[int, Dialect] = {1: JetstreamV1(), 2: JetstreamV2()}


@settings(max_examples=300)
@given(st.data(), st.sampled_from([1, 2]), st.booleans())
def test_no_damage_to_a_line_is_fatal(data: st.DataObject, version: int, compress: bool) -> None:
    event = TOLD[data.draw(st.integers(0, len(TOLD) - 1))]
    whole = event.v1 if version == 1 else event.v2
    pack = packer(DICTIONARY_V1) if version == 1 else zstandard.ZstdCompressor()
    damaged = bytearray(pack.compress(whole) if compress else whole)
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    for hurt in (bytes(damaged), bytes(damaged[: data.draw(st.integers(0, len(damaged)))])):
        try:
            read = DIALECTS[version].decode("host", hurt, NOW)
        except UpstreamError:
            continue
        decoder_of(hurt)
        for message in read.messages:
            assert json.loads(message.to_json())["author"]
