"""`kubectl` and `helm` that write down each call, and a cluster of theirs that keeps Secrets."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.charts.rendering import CLUSTER

# What the script needs of a machine; with nothing else on PATH no real cluster is ever reached.
TOOLS = ("bash", "base64", "cat", "dirname", "head", "od", "readlink", "sh", "sed", "tr", "mkdir")
RECORD = """#!/bin/sh
{ printf %s "${0##*/}"; printf '\\t%s' "$@"; echo; } >>"$KEPT/calls"
[ "${0##*/}" = kubectl ] || echo "$HELM_KUBECONTEXT" >>"$KEPT/contexts"
case "${0##*/} $*" in *"${FAILS:-nothing fails}"*) echo "refused: ${FAILS}" >&2; exit 3 ;; esac
"""
HELM = (
    RECORD
    + """
case "$*" in *--pending*"^$LOCKED$") echo "$LOCKED" ;; esac
"""
)
KUBECTL = (
    RECORD
    + """
arguments=$*
namespace=default
while [ $# -gt 0 ]; do [ "$1" = --namespace ] && namespace=$2; shift; done
case $arguments in
  'config current-context') [ -z "$NO_CONTEXT" ] && echo trial ;;
  *' get secret '*)
    name=${arguments#*get secret } key=${arguments#*\\"}
    cat "$KEPT/secrets/$namespace/${name%% *}/${key%%\\"*}" 2>/dev/null || true
    ;;
  apply*'-f - '*)
    while read -r field value; do
      case $field in
        name:) name=${value#\\"} name=${name%\\"} ;;
        data:) break ;;
      esac
    done
    [ "$field" = data: ] || exit 0 # a Namespace
    mkdir -p "$KEPT/secrets/$namespace/$name"
    while read -r field value; do
      [ -z "$field" ] || echo "$value" | base64 -d >"$KEPT/secrets/$namespace/$name/${field%:}"
    done
    ;;
esac
"""
)


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    output: str
    calls: list[list[str]]

    @property
    def releases(self) -> dict[str, list[str]]:
        """The arguments of each `helm upgrade --install`, by the release's name, in order."""
        return {call[3]: call[4:] for call in self.calls if call[:3] == ["helm", "upgrade", "--install"]}

    @property
    def changes(self) -> list[list[str]]:
        """All calls but those that only ask."""
        return [call for call in self.calls if not {"config", "get", "list"} & {*call[1:4]}]


class Script:
    """install-apps.sh on a machine that has nothing but these two."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bin = folder / "bin"
        self._env_file = folder / ".env"
        self._bin.mkdir()
        for tool in TOOLS:
            (self._bin / tool).symlink_to(str(shutil.which(tool)))
        for name, text in (("kubectl", KUBECTL), ("helm", HELM)):
            (self._bin / name).write_text(text)
            (self._bin / name).chmod(0o755)
        self.given("")

    def given(self, env_file: str) -> None:
        self._env_file.write_text(env_file)

    def lacks(self, tool: str) -> None:
        (self._bin / tool).unlink()

    def run(self, *arguments: str, **env: str) -> Done:
        calls = self._folder / "calls"
        calls.unlink(missing_ok=True)
        done = subprocess.run(
            ["bash", "install-apps.sh", "--env-file", str(self._env_file), *arguments],
            cwd=CLUSTER,
            env={"PATH": str(self._bin), "KEPT": str(self._folder), "HOME": os.environ.get("HOME", "/"), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        recorded = calls.read_text().splitlines() if calls.exists() else []
        return Done(done.returncode, done.stdout, [line.split("\t") for line in recorded])

    @property
    def contexts_of_helm(self) -> set[str]:
        return {*(self._folder / "contexts").read_text().split()}

    @property
    def secrets(self) -> Mapping[str, str]:
        """What the cluster keeps, by `namespace/secret/key`."""
        kept = self._folder / "secrets"
        return {str(file.relative_to(kept)): file.read_text() for file in sorted(kept.rglob("*")) if file.is_file()}
