"""From what the settings say of a model to files on this machine whose checksum has been verified."""

from __future__ import annotations

import hashlib
import mmap
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pipeline_core.logs import Log

from nats_stream_processor import hub
from nats_stream_processor.errors import ModelError
from nats_stream_processor.labels import LabelSet
from nats_stream_processor.names import HubModel, folder_or_hub_model

CONFIG_FILE, TOKENIZER_FILE = "config.json", "tokenizer.json"
USUAL_FILES = (
    "onnx/model_int8.onnx",
    "onnx/model_quantized.onnx",
    "model_quantized.onnx",
    "onnx/model.onnx",
    "model.onnx",
)
"""Where hub models keep their ONNX file, the small and fast ones first."""
_EXTERNAL_DATA = b"\x0a\x08location"
"""In the bytes of an ONNX file: field 1 of an entry about a tensor's external data (its key), 8 characters long."""


@dataclass(frozen=True, slots=True)
class NamedModel:
    """What the settings say of the model that gives one set of labels."""

    labels: LabelSet
    name: str
    file: str | None = None
    """The ONNX file; None: the first of USUAL_FILES that is there."""
    sha256: str | None = None
    """Of the ONNX file, in hexadecimal; None: any will do."""
    cache: Path | None = None
    """Where models of the hub are kept; None: the hub's library decides (HF_HOME, else ~/.cache/huggingface)."""
    max_tokens: int = 512
    """Posts are cut to as many."""

    def setting(self, name: str) -> str:
        """The environment variable of this model that ends so: SENTIMENT_MODEL_FILE of FILE."""
        return f"{self.labels.kind}_model_{name}".upper()


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model on this machine."""

    config: Path
    tokenizer: Path
    model: Path


def find(model: NamedModel, log: Log, endpoint: str | None = None) -> ModelFiles:
    """The files of a folder, or of the hub after fetching what is not in the cache. `endpoint` is the hub's address;
    None: the one in HF_ENDPOINT, else the public hub. Blocks. Raises ModelError."""
    place = _place(model)
    if isinstance(place, HubModel):
        folder = hub.fetch(
            place,
            lambda listed: needed(listed, model, str(place)),
            model.cache,
            model.setting("CACHE_DIR"),
            log,
            endpoint,
        )
    else:
        folder = place
    known = (CONFIG_FILE, TOKENIZER_FILE, *((model.file,) if model.file else USUAL_FILES))
    present = [file for file in known if (folder / file).is_file()]
    file = folder / needed(present, model, str(folder))[-1]
    if model.sha256 is not None:
        _verify(file, model.sha256, model.setting("SHA256"))
    return ModelFiles(folder / CONFIG_FILE, folder / TOKENIZER_FILE, file)


def needed(listed: Collection[str], model: NamedModel, place: str) -> list[str]:
    """Which of the files listed the model needs; its ONNX file is the last. Raises ModelError if one is missing."""
    for file in (CONFIG_FILE, TOKENIZER_FILE):
        if file not in listed:
            raise ModelError(
                f"{place} has no {file}. What transformers saves in another shape is exported by "
                "`python -m nats_stream_processor.export`."
            )
    if model.file and model.file not in listed:
        raise ModelError(f"{place} has no file {model.file}: correct {model.setting('FILE')}.")
    usual = [file for file in USUAL_FILES if file in listed]
    if not model.file and not usual:
        raise ModelError(
            f"{place} has no ONNX file in the usual places ({', '.join(USUAL_FILES)}): name it in "
            f"{model.setting('FILE')}, or make one with `python -m nats_stream_processor.export`."
        )
    file = model.file or usual[0]
    external_data = [other for other in listed if re.match(rf"{re.escape(file)}[^/]+$", other)]
    return [CONFIG_FILE, TOKENIZER_FILE, *external_data, file]


def sha256(file: Path) -> str:
    """In hexadecimal."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _place(model: NamedModel) -> Path | HubModel:
    try:
        place = folder_or_hub_model(model.name)
    except ValueError as wrong:
        raise ModelError(f"{model.setting('NAME')}: {wrong} (given: {model.name!r})") from wrong
    if isinstance(place, HubModel):
        return place
    try:
        folder = Path(place).expanduser()
    except RuntimeError as homeless:
        raise ModelError(f"{model.setting('NAME')}: {homeless} (given: {model.name!r})") from homeless
    if not folder.is_dir():
        raise ModelError(f"{model.setting('NAME')}: there is no folder {folder}. Correct the name.")
    return folder


def _verify(file: Path, expected: str, setting: str) -> None:
    digest = sha256(file)
    if digest != expected.lower():
        raise ModelError(
            f"{file} is not the file expected: its SHA-256 is {digest}, {setting} says {expected.lower()}. "
            "Name the revision that you checked, or delete the file if it is damaged."
        )
    if _has_external_data(file):
        raise ModelError(
            f"{file} has weights in files beside it, which {setting} does not cover: leave it out and name a "
            "commit, or save the model as one file."
        )


def _has_external_data(file: Path) -> bool:
    with file.open("rb") as content, mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ) as graph:
        return graph.find(_EXTERNAL_DATA) >= 0
