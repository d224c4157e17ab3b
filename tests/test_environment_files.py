"""`.env.example` tells every setting with its default, and `.env.local` reaches a service that Compose starts."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from mock_ingest.settings import MockSettings
from nats_firehose_ingest.settings import IngestSettings
from nats_stream_processor.settings import UnifiedSettings
from nats_stream_processor_topics.settings import TopicsSettings
from pipeline_core.settings import Settings

ROOT = Path(__file__).parents[1]
SETTINGS: dict[str, type[Settings]] = {
    "mock-ingest": MockSettings,
    "nats-firehose-ingest": IngestSettings,
    "nats-stream-processor": UnifiedSettings,
    "nats-stream-processor-topics": TopicsSettings,
}
SERVICES = [*SETTINGS, "bsky-sentiment-web"]
CLUSTER = {"NATS_URL": "nats://nats.nats.svc.cluster.local:4222", "NUM_STREAM_REPLICAS": "3"}
"""What a cluster sets that a laptop does not: there the broker is elsewhere, and is three."""

ENV_FILES = """\
`.env.example` has each with its default; copy it to `.env.prod` for a cluster. Docker Compose needs neither, and reads
`.env.local` where there is one; the broker and the streams it sets itself. Git ignores both copies.
"""


def written(default: object) -> str:
    """A default as an env file has it."""
    match default:
        case None:
            return ""
        case bool():
            return str(default).lower()
        case float():
            return f"{default:g}"
    return str(default)


@pytest.mark.parametrize(("service", "settings"), SETTINGS.items())
def test_an_example_has_each_setting_behind_its_meaning_and_sets_what_a_cluster_needs(
    service: str, settings: type[Settings]
) -> None:
    lines = (ROOT / service / ".env.example").read_text().splitlines()
    found = [
        (meaning.removeprefix("# "), line) for meaning, line in pairwise(lines) if re.match("#?[A-Z][A-Z0-9_]*=", line)
    ]
    assert found == [
        (
            field.description,
            f"{name.upper()}={CLUSTER[name.upper()]}"
            if name.upper() in CLUSTER
            else f"#{name.upper()}={written(field.default)}",
        )
        for name, field in settings.model_fields.items()
    ]


@pytest.mark.parametrize(("service", "settings"), SETTINGS.items())
def test_all_that_an_example_offers_can_be_used(
    service: str, settings: type[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    default = settings(_cli_parse_args=False)
    lines = (ROOT / service / ".env.example").read_text().splitlines()
    for name, _, value in (line.removeprefix("#").partition("=") for line in lines if re.match("#?[A-Z]", line)):
        monkeypatch.setenv(name, value)
    changed = {name for name, value in settings(_cli_parse_args=False) if value != getattr(default, name)}
    assert {name.upper() for name in changed} == CLUSTER.keys()


def composed(folder: Path, service: str, **shell: str) -> dict[str, str]:
    """The environment that Compose gives a service; `shell` is what was set before the command."""
    done = subprocess.run(
        ["docker", "compose", "--profile", "*", "config", "--format", "json"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(Path.home()), **shell},
        capture_output=True,
        text=True,
        check=True,
    )
    environment: dict[str, str] = json.loads(done.stdout)["services"][service]["environment"]
    return environment


@pytest.fixture
def compose_files(tmp_path: Path) -> Path:
    """Of a fresh clone, what Compose reads; a folder of the test's own, so that no `.env.local` of ours counts."""
    if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        pytest.skip("no docker compose on this machine")
    for name in (
        "docker-compose.yml",
        "docker-compose.env",
        *(f"{service}/docker-compose.yml" for service in SERVICES),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("service", SERVICES)
def test_compose_needs_no_local_file_and_reads_one_from_either_folder(compose_files: Path, service: str) -> None:
    folders = (compose_files, compose_files / service)
    before = [composed(folder, service) for folder in folders]
    assert before[0] == before[1]
    (compose_files / service / ".env.local").write_text(
        "SOURCE=jetstream\nLOG_LEVEL=DEBUG\nNATS_URL=nats://elsewhere\n"
    )
    for folder in folders:
        assert composed(folder, service) == before[0] | {"SOURCE": "jetstream", "LOG_LEVEL": "DEBUG"}


def test_the_shell_may_choose_too(compose_files: Path) -> None:
    chosen = composed(compose_files, "nats-firehose-ingest", SOURCE="jetstream", UPSTREAM_HOSTS="ws://host")
    assert (chosen["SOURCE"], chosen["UPSTREAM_HOSTS"]) == ("jetstream", "ws://host")
    assert composed(compose_files, "mock-ingest", RATE="7")["RATE"] == "7"


@pytest.mark.parametrize("service", SERVICES)
def test_git_and_the_images_leave_out_what_is_the_users_own(service: str) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    for name in (".env.local", ".env.prod"):
        assert not subprocess.run(["git", "check-ignore", "-q", f"{service}/{name}"], cwd=ROOT).returncode, name
    ignored = (ROOT / (service if service == "bsky-sentiment-web" else ".") / ".dockerignore").read_text().split()
    assert {".env*", "**/.env*"} & {*ignored}


@pytest.mark.parametrize("service", SERVICES)
def test_each_readme_tells_of_these_files_in_the_same_words(service: str) -> None:
    assert ENV_FILES in (ROOT / service / "README.md").read_text()
