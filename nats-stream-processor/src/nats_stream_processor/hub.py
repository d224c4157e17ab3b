"""Models of the hub, through its own library, which is imported only when a model is asked for.

What was fetched stays in the cache and serves without a network. At each start the hub is asked first, so that a branch
is followed; a model named at a commit never changes.
"""

from __future__ import annotations

import errno
import glob
import io
import logging
import re
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from pipeline_core.logs import Log

from nats_stream_processor.errors import ModelError
from nats_stream_processor.names import HubModel

ANSWER_SECONDS = 10.0
"""How long the hub may take to list a model's files before the cache is used instead."""
PROGRESS_SECONDS = 10.0
"""Between two lines of one download in the log."""
MEGABYTE = 1_000_000
_SECRETS = re.compile(r"(?<=://)[^/\s]*@|\?[^\s'\"<>]+")
"""In an address: the user with a password, and the query, whose signature opens it."""
_SMALL_FILES = ["config.json", "tokenizer.json"]
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_WRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}

Needed = Callable[[Collection[str]], list[str]]
"""From the names of all files of a model to those that are needed; raises ModelError."""


def fetch(model: HubModel, needed: Needed, cache: Path | None, setting: str, log: Log, endpoint: str | None) -> Path:
    """The folder of the model in the cache, with the files that are `needed`. `setting` is what names the cache to the
    operator. Blocks, for as long as the download takes. Raises ModelError."""
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # the base of what its client raises
    from huggingface_hub.utils.logging import set_verbosity

    set_verbosity(logging.ERROR)  # its warnings name addresses with the signatures that open them
    where: dict[str, Any] = {"cache_dir": cache, "endpoint": endpoint, "revision": model.revision}
    try:
        listed = HfApi(endpoint=endpoint).model_info(model.repository, revision=model.revision, timeout=ANSWER_SECONDS)
    except (HTTPError, OSError) as error:
        folder = _cached(model, where)
        if folder is None or not _complete(folder, needed):
            raise ModelError(_why_not(model, error)) from error
        log.warning("hub not asked, its model comes from the cache", model=str(model), why=_first_line(error))
        return folder
    files = needed([file.rfilename for file in listed.siblings or []])
    started = time.monotonic()
    log.info("model on the hub", model=str(model), commit=listed.sha, files=files)
    try:
        folder = snapshot_download(
            model.repository,
            allow_patterns=[glob.escape(file) for file in files],
            tqdm_class=_progress(log, model),
            max_workers=1,
            **where,
        )
    except (HTTPError, OSError) as error:
        raise ModelError(_broken_off(model, error, setting)) from error
    log.info("model in the cache", model=str(model), folder=folder, seconds=round(time.monotonic() - started, 1))
    return Path(folder)


def _cached(model: HubModel, where: dict[str, Any]) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model.repository, allow_patterns=_SMALL_FILES, local_files_only=True, **where))
    except LocalEntryNotFoundError:
        return None


def _complete(folder: Path, needed: Needed) -> bool:
    try:
        needed([file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()])
    except ModelError:  # a download broke off, or other files of the model were asked for then
        return False
    return True


def _why_not(model: HubModel, error: Exception) -> str:
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

    match error:
        case GatedRepoError():
            return f"{model} is given only to those who accepted its terms on the hub: do that, and set HF_TOKEN."
        case RepositoryNotFoundError():
            return (
                f"The hub has no model {model.repository}, or it is private: correct the name, or set HF_TOKEN. "
                f"A folder of that name is given as ./{model.repository}."
            )
        case RevisionNotFoundError():
            return f"The model {model.repository} has no revision {model.revision}: correct what stands behind the @."
        case HfHubHTTPError():
            return f"The hub did not list {model}: {_first_line(error)}. Try again later."
    return (
        f"The hub cannot be reached ({_first_line(error)}) and {model} is not whole in the cache: restore the network, "
        "set HF_ENDPOINT to a mirror, or name a folder that holds the model."
    )


def _broken_off(model: HubModel, error: Exception, setting: str) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in _NO_ROOM:
        return (
            f"No room for {model} in the cache ({_first_line(error)}): make some, or set {setting} to a larger volume."
        )
    if number in _NOT_WRITABLE:
        return f"The cache for {model} cannot be written ({_first_line(error)}): set {setting} to a folder that can."
    return f"The download of {model} broke off ({_first_line(error)}): start again, what has come is kept."


def _first_line(error: Exception) -> str:
    line = (str(error) or type(error).__name__).partition("\n")[0]
    return _SECRETS.sub("", line)


def _progress(log: Log, model: HubModel) -> type:
    """A progress bar, as the hub's library wants one, that is a line in the log."""
    from tqdm import tqdm  # type: ignore[import-untyped]

    class Progress(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options | {"file": io.StringIO()})  # at its end it would write an empty line
            self._told = time.monotonic()

        def display(self, *_: Any, **__: Any) -> None:
            if self.unit == "B" and self.n and time.monotonic() - self._told >= PROGRESS_SECONDS:
                self._told = time.monotonic()
                of = round(self.total / MEGABYTE, 1) if self.total else None
                log.info("fetching", model=str(model), megabytes=round(self.n / MEGABYTE, 1), of=of)

    return Progress
