"""A name becomes verified files: from a folder, or through the hub's own library from a hub of the test's."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hubserver import Hub, running_hub
from nats_stream_processor import hub as hub_module
from nats_stream_processor.errors import ModelError
from nats_stream_processor.labels import SENTIMENT_LABELS, TOPIC_LABELS
from nats_stream_processor.modelfiles import USUAL_FILES, NamedModel, find
from pipeline_core import logs
from pipeline_core.testing import free_port
from tinymodels import tiny_model

LABELS, WORDS = ("negative", "neutral", "positive"), ("bad", "table", "good")
MODEL = "own/er"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_model(tmp_path / "model", LABELS, WORDS)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def found(model: NamedModel, hub: Hub | None = None) -> Path:
    """The folder of the model's files; where they are together they are the model's."""
    endpoint = hub.url if hub else f"http://127.0.0.1:{free_port()}"
    files = find(model, logs.configure("test", "INFO", "json"), endpoint)
    assert files.tokenizer.parent == files.config.parent
    assert files.model.is_relative_to(files.config.parent)
    return files.config.parent


def of_hub(cache: Path, name: str = MODEL, file: str | None = None, sha256: str | None = None) -> NamedModel:
    return NamedModel(SENTIMENT_LABELS, name, file, sha256, cache)


def same(one: Path, other: Path, *files: str) -> bool:
    return all((one / file).read_bytes() == (other / file).read_bytes() for file in files)


# A folder.


def test_a_folder_is_used_where_it_is(folder: Path) -> None:
    files = find(NamedModel(SENTIMENT_LABELS, str(folder)), logs.configure("test", "INFO", "json"))
    assert files.model == folder / "onnx/model.onnx"


def test_the_usual_places_are_tried_in_order(folder: Path) -> None:
    for file in USUAL_FILES:
        tiny_model(folder, LABELS, WORDS, file=file)
    for file in USUAL_FILES:
        files = find(NamedModel(SENTIMENT_LABELS, str(folder)), logs.configure("test", "INFO", "json"))
        assert files.model == folder / file
        (folder / file).unlink()


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ("config.json", r"no config\.json.*export"),
        ("tokenizer.json", r"no tokenizer\.json.*export"),
        ("onnx/model.onnx", r"no ONNX file in the usual places.*TOPIC_MODEL_FILE.*export"),
    ],
)
def test_a_folder_that_lacks_a_file_is_refused_with_what_to_do(folder: Path, gone: str, told: str) -> None:
    (folder / gone).unlink()
    with pytest.raises(ModelError, match=told):
        found(NamedModel(TOPIC_LABELS, str(folder)))


@pytest.mark.parametrize("name", ["", "a/b/c", "./nowhere", "../../x", "~nobody/model", "a/../b", "a\x00b"], ids=ascii)
def test_a_name_that_leads_nowhere_is_refused_before_anything_is_asked(hub: Hub, cache: Path, name: str) -> None:
    with pytest.raises(ModelError, match="SENTIMENT_MODEL_NAME"):
        found(of_hub(cache, name), hub)
    assert not hub.asked
    assert not cache.exists()


def test_another_file_than_the_expected_one_is_refused_with_both_sums(folder: Path) -> None:
    digest = hashlib.sha256((folder / "onnx/model.onnx").read_bytes()).hexdigest()
    assert found(NamedModel(SENTIMENT_LABELS, str(folder), sha256=digest.upper())) == folder
    with pytest.raises(ModelError, match=f"{digest}.*SENTIMENT_MODEL_SHA256.*{'0' * 64}"):
        found(NamedModel(SENTIMENT_LABELS, str(folder), sha256="0" * 64))


def test_weights_that_the_sum_does_not_cover_are_refused(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path, LABELS, WORDS, external_data=True)
    digest = hashlib.sha256((folder / "onnx/model.onnx").read_bytes()).hexdigest()
    assert found(NamedModel(SENTIMENT_LABELS, str(folder))) == folder
    with pytest.raises(ModelError, match=r"files beside it, which SENTIMENT_MODEL_SHA256 does not cover"):
        found(NamedModel(SENTIMENT_LABELS, str(folder), sha256=digest))


# The hub.


def test_only_what_is_needed_is_fetched(hub: Hub, folder: Path, cache: Path) -> None:
    for other in ("README.md", "model.safetensors", "onnx/model_fp16.onnx", "onnx/model.onnx.d/x", "vocab.json"):
        (folder / other).parent.mkdir(exist_ok=True)
        (folder / other).write_text("not needed")
    hub.publish(MODEL, folder)
    needed = {"config.json", "tokenizer.json", "onnx/model.onnx"}
    assert same(found(of_hub(cache), hub), folder, *needed)
    assert hub.fetched() == needed


def test_external_data_comes_with_its_graph(hub: Hub, tmp_path: Path, cache: Path) -> None:
    folder = tiny_model(tmp_path / "external", LABELS, WORDS, external_data=True)
    hub.publish(MODEL, folder)
    assert same(found(of_hub(cache), hub), folder, "onnx/model.onnx", "onnx/model.onnx_data")


def test_a_revision_is_a_branch_a_tag_or_a_commit(hub: Hub, folder: Path, tmp_path: Path, cache: Path) -> None:
    first = hub.publish(MODEL, folder, "v1")
    second = hub.publish(MODEL, tiny_model(tmp_path / "second", LABELS, WORDS, weight=9.0))
    assert found(of_hub(cache), hub).name == second
    assert found(of_hub(cache, f"{MODEL}@v1"), hub).name == first
    assert found(of_hub(cache, f"{MODEL}@{first}"), hub).name == first


def test_a_branch_is_followed_from_start_to_start(hub: Hub, folder: Path, tmp_path: Path, cache: Path) -> None:
    first = hub.publish(MODEL, folder)
    assert found(of_hub(cache), hub).name == first
    second = hub.publish(MODEL, tiny_model(tmp_path / "second", LABELS, WORDS, weight=9.0))
    assert found(of_hub(cache), hub).name == second


def test_the_second_start_fetches_nothing(hub: Hub, folder: Path, cache: Path) -> None:
    hub.publish(MODEL, folder)
    found(of_hub(cache), hub)
    hub.asked.clear()
    found(of_hub(cache), hub)
    assert not hub.fetched()


@pytest.mark.parametrize("name", [MODEL, f"{MODEL}@v1"])
def test_what_is_in_the_cache_serves_without_a_network(hub: Hub, folder: Path, cache: Path, name: str) -> None:
    hub.publish(MODEL, folder, "v1")
    online = found(of_hub(cache, name), hub)
    assert found(of_hub(cache, name)) == online


def test_what_is_in_the_cache_serves_while_the_hub_fails(
    hub: Hub, folder: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.publish(MODEL, folder)
    online = found(of_hub(cache), hub)
    hub.failing = True
    capsys.readouterr()
    assert found(of_hub(cache), hub) == online
    line = json.loads(capsys.readouterr().out)
    assert (line["level"], line["model"]) == ("warning", MODEL)
    assert "503" in line["why"]


def test_a_file_that_is_not_in_the_cache_cannot_be_had_without_a_network(hub: Hub, folder: Path, cache: Path) -> None:
    tiny_model(folder, LABELS, WORDS, file="other.onnx")
    hub.publish(MODEL, folder)
    found(of_hub(cache), hub)
    with pytest.raises(ModelError, match=r"cannot be reached.*not whole in the cache.*HF_ENDPOINT"):
        found(of_hub(cache, file="other.onnx"))


def test_without_a_network_and_a_cache_it_says_what_to_do(cache: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot be reached.*own/er.*restore the network"):
        found(of_hub(cache))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("own/none", r"no model own/none.*HF_TOKEN.*\./own/none"),
        (f"{MODEL}@nowhere", r"no revision nowhere"),
        ("own/gated", r"terms.*HF_TOKEN"),
    ],
)
def test_what_the_hub_does_not_give_is_said_with_what_to_do(
    hub: Hub, folder: Path, cache: Path, name: str, told: str
) -> None:
    hub.publish(MODEL, folder)
    hub.publish("own/gated", folder)
    hub.gated.add("own/gated")
    with pytest.raises(ModelError, match=told):
        found(of_hub(cache, name), hub)


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ("config.json", r"own/er has no config\.json"),
        ("tokenizer.json", r"own/er has no tokenizer\.json"),
        ("onnx/model.onnx", r"own/er has no ONNX file"),
    ],
)
def test_a_model_of_the_hub_that_lacks_a_file_is_refused_before_anything_is_fetched(
    hub: Hub, folder: Path, cache: Path, gone: str, told: str
) -> None:
    (folder / gone).unlink()
    hub.publish(MODEL, folder)
    with pytest.raises(ModelError, match=told):
        found(of_hub(cache), hub)
    assert not hub.fetched()


def test_the_file_named_is_fetched_instead_of_the_usual_one(hub: Hub, folder: Path, cache: Path) -> None:
    tiny_model(folder, LABELS, WORDS, file="large/model.onnx", weight=9.0)
    hub.publish(MODEL, folder)
    model = of_hub(cache, file="large/model.onnx")
    assert same(found(model, hub), folder, "large/model.onnx")
    assert "onnx/model.onnx" not in hub.fetched()
    with pytest.raises(ModelError, match=r"no file huge/model\.onnx: correct SENTIMENT_MODEL_FILE"):
        found(of_hub(cache, file="huge/model.onnx"), hub)


def test_a_model_of_the_hub_with_another_sum_is_refused(hub: Hub, folder: Path, cache: Path) -> None:
    hub.publish(MODEL, folder)
    with pytest.raises(ModelError, match=r"SENTIMENT_MODEL_SHA256 says 1{64}.*revision"):
        found(of_hub(cache, sha256="1" * 64), hub)


def test_a_download_that_breaks_off_goes_on_where_it_broke(hub: Hub, folder: Path, cache: Path) -> None:
    hub.publish(MODEL, folder)
    hub.breaking_off = 1
    assert same(found(of_hub(cache), hub), folder, "onnx/model.onnx")
    assert not hub.breaking_off


def test_a_file_that_cannot_be_had_is_said(hub: Hub, folder: Path, cache: Path) -> None:
    hub.publish(MODEL, folder)
    hub.lost = True
    with pytest.raises(ModelError, match=r"download of own/er broke off.*start again") as told:
        found(of_hub(cache), hub)
    assert "/elsewhere/" in str(told.value)
    assert "secret" not in str(told.value), "the address without what opens it"


def test_a_hub_cannot_write_outside_the_cache(hub: Hub, folder: Path, tmp_path: Path) -> None:
    hub.publish(MODEL, folder)
    (files,) = hub.models[MODEL].values()
    hostile = ("../../../../../out.onnx", "onnx/model.onnx/../../../../../../out", "onnx/model.onnx../../out")
    hub.commit(MODEL, files | dict.fromkeys(hostile, b"out"))
    found(of_hub(tmp_path / "deep" / "cache"), hub)
    assert not [path for path in tmp_path.rglob("out*") if path.is_file()]
    assert not [asked for asked in hub.fetched() if "out" in asked]


def test_a_cache_that_cannot_be_written_is_named_by_its_setting(hub: Hub, folder: Path, cache: Path) -> None:
    hub.publish(MODEL, folder)
    cache.write_text("a file, no folder")
    with pytest.raises(ModelError, match=r"SENTIMENT_MODEL_CACHE_DIR"):
        found(of_hub(cache), hub)


def test_a_long_download_is_told_in_the_log(
    hub: Hub, tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "PROGRESS_SECONDS", 0)
    folder = tiny_model(tmp_path / "model", LABELS, WORDS)
    with (folder / "tokenizer.json").open("a") as tokenizer:
        tokenizer.write(" " * 12_000_000)
    hub.publish(MODEL, folder)
    found(of_hub(cache), hub)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    fetched = [line["megabytes"] for line in lines if line["event"] == "fetching"]
    assert fetched == sorted(fetched)
    assert fetched[-1] == pytest.approx(12.0, abs=0.1)
    assert [line["event"] for line in lines if line["event"] != "fetching"] == [
        "model on the hub",
        "model in the cache",
    ]


# In a process of its own: what is decided when the library is imported, and limits that a process sets itself.

FETCH = """
import sys
from pathlib import Path
from pipeline_core.logs import configure
from nats_stream_processor.errors import ModelError
from nats_stream_processor.labels import SENTIMENT_LABELS
from nats_stream_processor.modelfiles import NamedModel, find
try:
    model = NamedModel(SENTIMENT_LABELS, sys.argv[1], cache=Path(sys.argv[2]))
    print(find(model, configure("test", "ERROR", "json")).model)
except ModelError as error:
    sys.exit(str(error))
finally:
    print("huggingface_hub" in sys.modules)
"""


def fetching(name: str, cache: Path, before: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", before + FETCH, name, str(cache)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_hub_is_the_one_of_the_environment(hub: Hub, folder: Path, cache: Path) -> None:
    hub.publish(MODEL, folder)
    result = fetching(MODEL, cache, HF_ENDPOINT=hub.url)
    assert result.returncode == 0, result.stderr
    assert (cache / "models--own--er").is_dir()
    assert "onnx/model.onnx" in hub.fetched()


def test_a_folder_needs_no_library_of_the_hub(folder: Path, cache: Path) -> None:
    assert fetching(str(folder), cache).stdout.split() == [str(folder / "onnx/model.onnx"), "False"]


def test_a_full_disk_is_named_with_the_setting_that_helps(hub: Hub, tmp_path: Path, cache: Path) -> None:
    folder = tiny_model(tmp_path / "large", LABELS, WORDS)
    with (folder / "tokenizer.json").open("a") as tokenizer:
        tokenizer.write(" " * 200_000)
    hub.publish(MODEL, folder)
    small_disk = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    result = fetching(MODEL, cache, small_disk, HF_ENDPOINT=hub.url)
    assert result.returncode == 1
    assert "No room for own/er" in result.stderr
    assert "SENTIMENT_MODEL_CACHE_DIR" in result.stderr
    assert "Traceback" not in result.stderr
