"""The picture of the architecture: Excalidraw opens it, it shows what its source says, and what it names is there."""

from __future__ import annotations

import json
import struct
import tomllib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nats_firehose_ingest.settings import IngestSettings
from nats_stream_processor.settings import UnifiedSettings
from pipeline_core.topology import dead_letter_stream

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "architecture.excalidraw.png"
SCENE = tomllib.loads((ROOT / "docs/architecture/scene.toml").read_text())
WIDTH_IN_README = 400  # pixels
SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHUNK = struct.Struct(">I4s")  # length, kind; a checksum of four bytes follows the data


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    assert png.startswith(SIGNATURE)
    at = len(SIGNATURE)
    while at < len(png):
        length, kind = CHUNK.unpack_from(png, at)
        at += CHUNK.size
        data = png[at : at + length]
        assert png[at + length : at + length + 4] == struct.pack(">I", zlib.crc32(kind + data))
        yield kind, data
        at += length + 4


def embedded_elements() -> list[dict[str, Any]]:
    """As Excalidraw reads them: a text chunk with JSON, in which a compressed scene is a string of bytes."""
    (text,) = [data for kind, data in chunks(PICTURE.read_bytes()) if kind == b"tEXt"]
    keyword, _, content = text.partition(b"\0")
    assert keyword == b"application/vnd.excalidraw+json"
    wrapped = json.loads(content.decode("latin-1"))
    assert (wrapped["version"], wrapped["encoding"], wrapped["compressed"]) == ("1", "bstring", True)
    scene = json.loads(zlib.decompress(wrapped["encoded"].encode("latin-1")))
    assert scene["type"] == "excalidraw"
    return [element for element in scene["elements"] if not element["isDeleted"]]


def named(kind: str) -> set[str]:
    return {box["name"] for box in SCENE["box"] if box["kind"] == kind}


def test_the_picture_holds_the_boxes_arrows_and_words_of_its_source() -> None:
    elements = embedded_elements()
    drawn = [element for element in elements if element["type"] in ("rectangle", "ellipse")]
    assert {box["id"]: (box["x"], box["y"], box["width"], box["height"]) for box in drawn} == {
        box["name"]: (*box["at"], *box["size"]) for box in SCENE["box"]
    }
    arrows = [element for element in elements if element["type"] == "arrow"]
    assert sorted((arrow["startBinding"]["elementId"], arrow["endBinding"]["elementId"]) for arrow in arrows) == sorted(
        (arrow["from"], arrow["to"]) for arrow in SCENE["arrow"]
    )
    said = [one[key] for one in SCENE["box"] + SCENE["arrow"] for key in ("name", "note", "words") if key in one]
    assert sorted(element["originalText"] for element in elements if element["type"] == "text") == sorted(said)


def test_its_words_can_be_read_at_the_width_that_the_readme_shows() -> None:
    _, header = next(chunks(PICTURE.read_bytes()))
    width, height = struct.unpack_from(">II", header)
    assert width >= 2 * WIDTH_IN_README, "blurred on a dense screen"
    assert height < 1.5 * width, "taller than a reader's window"
    units = max(box["at"][0] + box["size"][0] for box in SCENE["box"])
    least = min(element["fontSize"] for element in embedded_elements() if element["type"] == "text")
    assert least * WIDTH_IN_README / units >= 9


def test_every_service_has_its_folder_and_no_service_is_left_out() -> None:
    assert named("service") | named("cluster") | {"pipeline-core"} == {
        path.parent.name for pattern in ("*/pyproject.toml", "*/package.json") for path in ROOT.glob(pattern)
    }


def test_the_streams_are_those_of_the_settings() -> None:
    raw, enriched = (
        IngestSettings.model_fields["nats_stream"].default,
        UnifiedSettings.model_fields["output_stream"].default,
    )
    assert named("stream") == {raw, enriched, dead_letter_stream(raw, "bluesky.posts", 1).name}
