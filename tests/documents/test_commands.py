"""Every command in every document can be typed as it stands: what it names is there, and takes its flags."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from importlib.metadata import entry_points
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.documents.commands import Command, commands
from tests.documents.files import DASHBOARD, ROOT, ours
from tests.documents.suite import BUCKETS, COMPOSE, ENDPOINTS, PORTS, STREAMS, SUBJECTS, VARIABLES, Compose, charts

OURS = {entry.name for entry in entry_points(group="console_scripts")} & {
    name for kind in ours("pyproject.toml") for name in re.findall(r'^([a-z-]+) = "\w+\.', kind.read_text(), re.M)
}
HELM = {"upgrade", "history", "rollback", "uninstall", "list", "status", "get", "template", "lint"}
OTHERS = {"cp", "export", "gcloud", "grep", "mv", "node", "pip", "sleep", "unzip", "kubectl", "."}
"""Programs that are not ours, given nothing that we could have misnamed."""


def make(command: Command) -> None:
    rules = re.findall(r"^([a-z./A-Z-]+):(?!=)", (ROOT / "Makefile").read_text(), re.M)
    services = re.findall(r"^SERVICES := (.*)", (ROOT / "Makefile").read_text(), re.M)[0].split()
    known = {*rules, ".venv/.installed", *(f"test-{service}" for service in services)}
    words = [word for word in command.words[1:] if "=" not in word and word not in ("-C", "../..")]
    assert set(words) <= known


def docker(command: Command) -> None:
    """Of Compose, in the document's folder or at the root."""
    if command.words[1] == "compose":
        here = command.document.parent / "docker-compose.yml"
        try:
            _compose(command, yaml.load(here.read_text(), Compose) if here.exists() else COMPOSE)
        except AssertionError:
            _compose(command, COMPOSE)


def _compose(command: Command, file: dict[str, Any]) -> None:
    services, words = file["services"], [*command.words[2:]]
    profiles = {profile for service in services.values() for profile in service.get("profiles", ())}
    text = json.dumps(file)
    assert all(f"${{{name}:-" in text for name in command.variables), "a variable that no service is given"
    while words and words[0] == "--profile":
        assert words[1] in profiles
        del words[:2]
    verb, *rest = words
    assert verb in {"up", "down", "logs", "exec", "run", "stop", "start", "restart", "ps", "build"}
    for flag in ("--rmi", "--scale", "-e", "--tail"):
        while flag in rest:
            at = rest.index(flag)
            assert flag != "--scale" or rest[at + 1].split("=")[0] in services
            assert flag != "-e" or rest[at + 1].split("=")[0] in VARIABLES
            del rest[at : at + 2]
    named = [word for word in rest if not word.startswith("-")]
    if verb in ("exec", "run"):
        service, *typed = named and rest[rest.index(named[0]) :]
        assert service in services
        if typed and typed[0] != "sh":
            check(Command(command.document, tuple(typed)))
    else:
        assert set(named) <= set(services)


def curl(command: Command) -> None:
    url = urlsplit("//" + command.words[-1].split("//")[-1])
    service = PORTS[url.port or 80]
    assert url.path in ENDPOINTS[service], f"{service} has no {url.path}"


def cd(command: Command) -> None:
    assert (command.document.parent / command.words[1]).is_dir()


def helm(command: Command) -> None:
    verb, *rest = command.words[1:]
    assert verb in HELM
    charts_here = charts()
    named = [word for word in rest if not word.startswith("-")]
    assert not named or named[0] in charts_here
    for flag, value in pairwise(rest):
        if value.startswith("./"):
            assert value == f"./{flag}"
        if flag == "--set":
            for path in re.findall(r"(?:^|,)([\w.]+)=", value):
                _value(charts_here[named[0]], path.split("."))


def _value(schema: dict[str, Any], path: list[str]) -> None:
    for step in path:
        if "properties" not in schema:
            return
        assert step in schema["properties"], f"no value {'.'.join(path)}"
        schema = schema["properties"][step]


def npm(command: Command) -> None:
    verb, *rest = command.words[1:]
    scripts = json.loads((DASHBOARD / "package.json").read_text())["scripts"]
    assert verb in ("ci", "install") or {"run": rest[:1], "test": ["test"], "start": ["start"]}[verb][0] in scripts


def nats(command: Command) -> None:
    noun, *rest = command.words[1:]
    assert noun in {"sub", "stream", "kv", "consumer"}
    if noun == "sub":
        assert any(rest[0].startswith(subject.removesuffix(">")) for subject in SUBJECTS), (
            "a subject that none publishes"
        )
    elif noun == "stream" and rest[0] == "info" and rest[1] != "NAME":
        assert rest[1] in STREAMS
    elif noun == "kv":
        assert not rest[1:] or rest[1] in BUCKETS


def python(command: Command) -> None:
    script = command.words[1]
    if script == "-m" and command.words[2] in ("venv", "pytest"):
        assert all((ROOT / word).exists() for word in command.words[3:] if "/" in word)
    elif script == "-m":
        _flags((sys.executable, "-m", command.words[2]), command.words[3:])
    elif script.endswith(".py"):
        assert any((folder / script).exists() for folder in (command.document.parent, ROOT))


def ours_by_name(command: Command) -> None:
    name, *rest = command.words
    program = Path(name).name
    verbs = [word for word in rest[:1] if program in ("gke-cluster", "dead-letters") and not word.startswith("-")]
    _flags((str(Path(sys.executable).parent / program), *verbs), tuple(rest))


def script(command: Command) -> None:
    name = Path(command.words[0]).name
    _flags((str(next(path for path in ours(name) if path.parent.name in ("charts", "helm"))),), command.words[1:])


def pytest_itself(command: Command) -> None:
    assert all((ROOT / word).exists() for word in command.words[1:])


def _flags(program: tuple[str, ...], words: tuple[str, ...]) -> None:
    """That the program is there, and has these flags."""
    flags = {word.split("=")[0] for word in words if word.startswith("-") and len(word) > 1}
    if flags:
        help_ = _help(program)
        assert all(re.search(rf"(?<![\w-]){flag}(?![\w-])", help_) for flag in flags - {"--help"})
    else:
        assert program[0] == sys.executable or Path(program[0]).exists()


@cache
def _help(program: tuple[str, ...]) -> str:
    done = subprocess.run([*program, "--help"], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


CHECKS: dict[str, Callable[[Command], None]] = {
    "make": make,
    "docker": docker,
    "curl": curl,
    "cd": cd,
    "helm": helm,
    "npm": npm,
    "nats": nats,
    "python": python,
    ".venv/bin/python": python,
    ".venv/bin/pytest": pytest_itself,
    **{f".venv/bin/{name}": ours_by_name for name in OURS},
    **dict.fromkeys(OURS, ours_by_name),
    **dict.fromkeys(("./create-secrets.sh", "./install-apps.sh", "gke-cluster/helm/install-apps.sh"), script),
    **dict.fromkeys(OTHERS, lambda _: None),
}


def check(command: Command) -> None:
    program = command.words[0]
    assert program in CHECKS, f"what is {program}?"
    assert set(command.variables) <= VARIABLES
    CHECKS[program](command)


@pytest.mark.parametrize("document", ours(".md"), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_can_be_typed_as_it_stands(document: Path) -> None:
    for command in commands(document, set(CHECKS)):
        try:
            check(command)
        except (AssertionError, KeyError, IndexError) as wrong:
            pytest.fail(f"{command}\n{wrong!r}")


@pytest.mark.parametrize(
    "typed",
    [
        "make tset",
        "docker compose --profile moc up",
        "docker compose exec nats-stream-procesor dead-letters list",
        "docker compose exec nats-box nats sub bluesky.enrich.dev.negative.>",
        "curl localhost:8081/healthy",
        "helm upgrade --install mock-ingest ./mock-ingest --set image.tags=latest",
        "npm run demo",
        ".venv/bin/gke-cluster scale --node 0",
        "./create-secrets.sh --secret my-secret",
    ],
)
def test_a_command_that_cannot_is_found(typed: str) -> None:
    with pytest.raises((AssertionError, KeyError)):
        check(Command(ROOT / "README.md", tuple(typed.split())))


def test_most_commands_of_the_front_door_are_found() -> None:
    found = {command.words[0] for command in commands(ROOT / "README.md", set(CHECKS))}
    assert found >= {"make", "docker", "curl", "helm", "npm", "kubectl", "gcloud", ".venv/bin/gke-cluster"}
