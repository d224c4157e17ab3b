"""`python -m nats_stream_processor.export MODEL --out FOLDER`: a transformers checkpoint as a folder that the processor
takes by name: config.json, tokenizer.json and the ONNX file in one of the usual places."""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import tempfile
from pathlib import Path

from nats_stream_processor.errors import ModelError
from nats_stream_processor.modelfiles import CONFIG_FILE, TOKENIZER_FILE, sha256
from nats_stream_processor.names import HubModel, folder_or_hub_model

ONNX_FOLDER, EXPORTED_FILE, QUANTISED_FILE = "onnx", "model.onnx", "model_int8.onnx"
INSTALL = "pip install -e ./pipeline-core -e './nats-stream-processor[export]'"


def export(model: str, out: Path, revision: str | None, quantise: str) -> Path:
    """Writes `out`, which must not exist yet or be empty; returns its ONNX file. Raises ModelError."""
    checkpoint, revision = _checkpoint(model, revision)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ModelError(f"{out} is there already: name a new folder, or empty that one.")
    with tempfile.TemporaryDirectory(prefix=f"{out.name}-", dir=_made(out.parent)) as folder:
        exported = Path(folder)
        _export(checkpoint, revision, exported)
        if quantise == "int8":
            _quantise(exported)
        (out / ONNX_FOLDER).mkdir(parents=True)
        for name in (CONFIG_FILE, TOKENIZER_FILE):
            shutil.move(exported / name, out / name)
        for part in exported.glob("*.onnx*"):  # with external data where it is larger than 2 GB
            shutil.move(part, out / ONNX_FOLDER / part.name)
    return out / ONNX_FOLDER / (QUANTISED_FILE if quantise == "int8" else EXPORTED_FILE)


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code; 1 with one line where the model cannot be exported."""
    parser = argparse.ArgumentParser(prog="python -m nats_stream_processor.export", description=__doc__)
    parser.add_argument("model", metavar="MODEL", help="folder (beginning with /, ./ or ~/) or owner/name of the hub")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="a new or empty folder")
    parser.add_argument("--revision", help="branch, tag or commit of the hub")
    parser.add_argument("--quantise", choices=("none", "int8"), default="int8", help="weights in 8 bits (the default)")
    told = parser.parse_args(arguments)
    try:
        file = export(told.model, told.out, told.revision, told.quantise)
    except (ModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{file}\nSHA-256 {sha256(file)}")
    return 0


def _checkpoint(model: str, revision: str | None) -> tuple[str, str]:
    try:
        place = folder_or_hub_model(model)
    except ValueError as wrong:
        raise ModelError(f"{model!r}: {wrong}") from wrong
    if isinstance(place, HubModel):
        return place.repository, revision or place.revision or "main"
    folder = Path(place).expanduser()
    if not (folder / CONFIG_FILE).is_file():
        raise ModelError(f"{folder} is not a checkpoint of transformers: it has no {CONFIG_FILE}. Correct the name.")
    return str(folder), "main"


def _export(checkpoint: str, revision: str, folder: Path) -> None:
    try:
        from optimum.exporters.onnx import main_export
    except ImportError as missing:
        raise ModelError(_not_installed(missing)) from missing
    try:
        main_export(checkpoint, folder, task="text-classification", revision=revision)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(f"{checkpoint} cannot be exported: {error}") from error
    if not (folder / TOKENIZER_FILE).is_file():
        raise ModelError(f"{checkpoint} has no {TOKENIZER_FILE}, only a tokenizer in Python. Choose another model.")


def _quantise(folder: Path) -> None:
    """The quantised model takes the place of the exported one."""
    try:
        import onnx

        from nats_stream_processor.quantisation import quantised
    except ImportError as missing:
        raise ModelError(_not_installed(missing)) from missing
    logging.getLogger("onnxruntime.quantization").setLevel(logging.WARNING)  # two lines for each operator
    onnx.save(quantised(onnx.load(folder / EXPORTED_FILE)), folder / QUANTISED_FILE)
    for part in folder.glob(f"{EXPORTED_FILE}*"):
        part.unlink()


def _not_installed(missing: ImportError) -> str:
    return (
        f"The export needs packages that the service does not ({missing}). In an environment of its own, at the root "
        f"of the repository: {INSTALL}"
    )


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
