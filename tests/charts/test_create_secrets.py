"""create-secrets.sh, with a `kubectl` that keeps what it is given."""

from __future__ import annotations

import base64
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.charts.rendering import ROOT, SERVICES

KUBECTL = """#!/bin/sh
printf '%s\\n' "$@" >"$KEPT/arguments"
cat >"$KEPT/manifest"
echo "secret/applied"
exit "${KUBECTL_FAILS:-0}"
"""
HARD = r"""
# a comment, and an empty line

NATS_URL=nats://user:p=a#ss@nats:4222   # what follows is a comment
  export EXPORTED=yes
SINGLE='$HOME #no "comment" \n'
DOUBLE="\"quoted\" \\n is no line, \n is; \$HOME = #no \t"   # a comment
EMPTY=
COMMENT=#nothing
BLANKS =  a b
"""
MEANT = {
    "NATS_URL": "nats://user:p=a#ss@nats:4222",
    "EXPORTED": "yes",
    "SINGLE": '$HOME #no "comment" \\n',
    "DOUBLE": '"quoted" \\n is no line, \n is; $HOME = #no \\t',
    "EMPTY": "",
    "COMMENT": "",
    "BLANKS": "a b",
    "WINDOWS": "x",
    "LAST": "ü🙂",
}


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    output: str
    arguments: list[str] | None
    secret: dict[str, Any] | None

    @property
    def values(self) -> dict[str, str]:
        assert self.secret is not None
        return {name: base64.b64decode(value or "").decode() for name, value in self.secret["data"].items()}


class Script:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.env_file = folder / "given.env"
        kubectl = folder / "bin" / "kubectl"
        kubectl.parent.mkdir()
        kubectl.write_text(KUBECTL)
        kubectl.chmod(0o755)

    def run(self, *arguments: str, service: str = "mock-ingest", given: str = "", **env: str) -> Done:
        path = f"{self._folder / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "create-secrets.sh", *arguments],
            cwd=ROOT / service / "charts",
            env={
                **os.environ,
                "PATH": path,
                "KEPT": str(self._folder),
                **env,
            },
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        kept, manifest = self._folder / "arguments", self._folder / "manifest"
        if not kept.exists():
            return Done(done.returncode, done.stdout, None, None)
        return Done(done.returncode, done.stdout, kept.read_text().splitlines(), yaml.safe_load(manifest.read_text()))

    def given(self, text: str) -> str:
        self.env_file.write_bytes(text.encode())
        return str(self.env_file)


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return Script(tmp_path)


def test_quotes_comments_equal_signs_and_line_ends_are_read_as_meant(script: Script) -> None:
    done = script.run("--env-file", script.given(HARD + "WINDOWS=x\r\nLAST='ü🙂'"))
    assert done.code == 0, done.output
    assert done.values == MEANT


@pytest.mark.parametrize("service", SERVICES)
def test_the_folder_says_which_secret_is_meant(script: Script, service: str) -> None:
    done = script.run("-f", script.given("A=b"), service=service)
    assert done.secret is not None
    assert done.secret["metadata"]["name"] == f"{service}-env"
    assert "--namespace" not in (done.arguments or [])


def test_namespace_and_name_can_be_chosen(script: Script) -> None:
    done = script.run("-n", "production", "-s", "app-secrets", "-f", script.given("A=b"))
    assert done.secret is not None
    assert done.secret["metadata"]["name"] == "app-secrets"
    assert done.arguments == [
        *("apply", "--server-side", "--force-conflicts", "--field-manager", "create-secrets"),
        *("--namespace", "production", "-f", "-"),
    ]


def test_a_value_is_neither_printed_nor_an_argument(script: Script) -> None:
    applied = script.run("-f", script.given("PASSWORD=hunter2"))
    assert "hunter2" not in applied.output
    assert not any("hunter2" in argument or "aHVudGVyMg" in argument for argument in applied.arguments or [])


def test_a_dry_run_names_the_variables_and_changes_nothing(script: Script) -> None:
    done = script.run("--dry-run", "-n", "production", "-f", script.given("PASSWORD=hunter2\nA=b"))
    assert (done.code, done.arguments) == (0, None)
    assert done.output.split() == [
        *["The", "Secret", "mock-ingest-env", "in", "the", "namespace", "production", "would", "hold:"],
        *("PASSWORD", "A"),
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("hunter2", "line 2 is no NAME=value"),
        ("1A=hunter2", "line 2 is no NAME=value"),
        ('P="hunter2', "line 2: the quote is not closed"),
        ("P='hunter2' more", "line 2: the quote is not closed, or something stands behind it"),
        ("A=hunter2", "line 2: A stands there twice"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_without_what_is_in_it(script: Script, line: str, words: str) -> None:
    done = script.run("-f", script.given(f"A=b\n{line}\n"))
    assert (done.code, done.arguments) == (1, None)
    assert words in done.output
    assert "hunter2" not in done.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--env-file", "/nowhere/.env"], "copy .env.example to .env.prod"),
        (["--namespace"], "--namespace needs a value"),
        (["--namespace", "--dry-run"], "--namespace needs a value"),
        (["--nam", "x"], "what is --nam?"),
        (["-s", "Not A Name"], "--secret-name Not A Name"),
    ],
)
def test_a_wrong_option_is_named(script: Script, arguments: list[str], words: str) -> None:
    done = script.run(*arguments)
    assert done.code in (1, 2)
    assert done.arguments is None
    assert words in done.output


def test_a_value_is_bytes_whatever_the_terminals_language(script: Script) -> None:
    script.env_file.write_bytes(b'\xef\xbb\xbfLATIN=caf\xe9\nBROKEN="a \xff b"')
    done = script.run("-f", str(script.env_file), LC_ALL="C.UTF-8")
    assert done.secret is not None, done.output
    assert {name: base64.b64decode(value) for name, value in done.secret["data"].items()} == {
        "LATIN": b"caf\xe9",
        "BROKEN": b"a \xff b",
    }


def test_the_variables_may_come_from_a_pipe(script: Script) -> None:
    done = script.run("-f", "/dev/stdin", given="A=b")
    assert done.values == {"A": "b"}


def test_a_name_of_digits_is_a_name(script: Script) -> None:
    done = script.run("-s", "123", "-f", script.given("A=b"))
    assert done.secret is not None
    assert done.secret["metadata"]["name"] == "123"


def test_it_says_how_the_pods_come_to_read_it(script: Script) -> None:
    done = script.run("-n", "production", "-f", script.given("A=b"))
    restart = "kubectl rollout restart deployment --namespace production -l app.kubernetes.io/name=mock-ingest"
    assert done.output.endswith(f"{restart}\n")


def test_the_shared_script_itself_belongs_to_no_service(script: Script) -> None:
    done = script.run("-f", script.given("A=b"), service=".")
    assert (done.code, done.arguments) == (1, None)
    assert "run the one in <service>/charts" in done.output


def test_an_empty_file_makes_no_empty_secret(script: Script) -> None:
    assert "sets no variable" in script.run("-f", script.given("# nothing\n")).output


def test_what_kubectl_refuses_is_a_failure(script: Script) -> None:
    assert script.run("-f", script.given("A=b"), KUBECTL_FAILS="3").code == 3
