"""What nats-firehose-ingest can be told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pipeline_core.settings import A_DAY, SERVICE_NAME, STREAM_NAME, SUBJECT, Settings, parts
from pydantic import Field, field_validator, model_validator
from pydantic_settings import CliPositionalArg

from nats_firehose_ingest.filtering.iso639 import code

BLUESKY = {
    ("firehose", 1): "wss://bsky.network,wss://relay1.us-west.bsky.network,wss://relay1.us-east.bsky.network",
    ("jetstream", 1): "wss://jetstream1.us-east.bsky.network,wss://jetstream2.us-east.bsky.network,"
    "wss://jetstream1.us-west.bsky.network,wss://jetstream2.us-west.bsky.network",
    ("jetstream", 2): "wss://jetstream.us-east.bsky.network,wss://jetstream.us-west.bsky.network",
}
"""Bluesky's own hosts, by source and version of Jetstream."""

_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]+")  # atproto.com/specs/did


class IngestSettings(Settings):
    """Read Bluesky's posts as they are written, edited and deleted, and publish each to JetStream, once."""

    service_name: str = Field(
        "nats-firehose-ingest", pattern=SERVICE_NAME, description="the name in logs and in the cursor's key"
    )
    source: Literal["firehose", "jetstream", "file"] = Field(
        "firehose", description="a relay's com.atproto.sync.subscribeRepos, Bluesky's Jetstream, or a recorded capture"
    )
    upstream_hosts: str = Field(
        "", description="WebSocket base URLs separated by commas, tried in order; Bluesky's own if empty"
    )
    jetstream_version: int = Field(1, ge=1, le=2, description="of Jetstream: 1 is /subscribe, 2 is subscribeEvents")
    compress: bool = Field(True, description="ask Jetstream for zstd frames")
    start_cursor: int | None = Field(
        None, ge=0, description="where no cursor is stored: start after this one (0: as far back as upstream goes)"
    )
    capture: CliPositionalArg[Path | None] = Field(
        None, description="what --source file reads: frames behind their lengths or lines of Jetstream, zstd or plain"
    )
    once: bool = Field(False, description="end when the capture does; reading it again then begins anew")
    dry_run: bool = Field(False, description="decode, filter and count without a broker, and print what there was")
    output: Literal["text", "json"] = Field("text", description="the form of what --dry-run prints")
    record: Path | None = Field(None, description="also write what comes to this new capture; zstd if it ends in .zst")
    receive_timeout: float = Field(60.0, gt=0, description="seconds of silence after which the connection is renewed")
    unready_after: float = Field(30.0, ge=0, description="seconds without a connection before /ready turns false")
    enable_text_filtering: bool = Field(True, description="drop posts that are empty, too short or too long")
    min_text_length: int = Field(10, ge=0, description="graphemes that a post must have")
    max_text_length: int = Field(1000, ge=1, description="graphemes that a post may have")
    only_languages: str = Field("", description="ISO 639-1 codes separated by commas: drop posts in others")
    only_authors: str = Field("", description="DIDs separated by commas: drop posts of others")
    except_authors: str = Field("", description="DIDs separated by commas: drop their posts")
    nats_stream: str = Field("bluesky-posts", pattern=STREAM_NAME, description="the raw stream")
    nats_subject: str = Field(
        "bluesky.posts", pattern=SUBJECT, description="its subjects are <this>.create, .update, .delete, .account"
    )
    nats_kv_bucket: str = Field(
        "firehose-state", pattern=SERVICE_NAME, description="the bucket that keeps the cursor of each host"
    )
    cursor_save_interval: float = Field(5.0, gt=0, description="seconds between saves of the cursor")
    duplicate_window_seconds: float = Field(
        600.0,
        ge=180,  # twice what a place found by time tells again, as the reading may be slower than the telling was
        le=A_DAY,
        description="how long JetStream recognises a post that is sent again; after a change of hosts up to 90 s are",
    )
    stats_interval: float = Field(10.0, gt=0, description="seconds between lines of statistics in the log")

    @field_validator("upstream_hosts")
    @classmethod
    def _are_websocket_urls(cls, hosts: str) -> str:
        urls = parts(hosts)
        if (hosts and not urls) or not all(_is_websocket_url(url) for url in urls):
            raise ValueError("give WebSocket base URLs such as wss://bsky.network, separated by commas")
        return hosts

    @field_validator("only_authors", "except_authors")
    @classmethod
    def _are_dids(cls, authors: str) -> str:
        if not all(_DID.fullmatch(author) for author in parts(authors)):
            raise ValueError("give DIDs such as did:plc:z72i7hdynmk6r22z27h6tvur, separated by commas")
        return authors

    @field_validator("only_languages")
    @classmethod
    def _are_languages(cls, languages: str) -> str:
        if wrong := [tag for tag in parts(languages) if code(tag) is None]:
            raise ValueError(f"{', '.join(wrong)}: give codes such as en, ja or pt-BR, separated by commas")
        return languages

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.min_text_length > self.max_text_length:
            raise ValueError(
                f"MIN_TEXT_LENGTH {self.min_text_length} is more than MAX_TEXT_LENGTH {self.max_text_length}"
            )
        if self.source == "file":
            if self.capture is None:
                raise ValueError("SOURCE=file needs a CAPTURE: nats-firehose-ingest --source file capture.zst")
            if self.record is not None:
                raise ValueError("RECORD is for what comes over the network, not for SOURCE=file")
        elif self.once or self.capture is not None:
            raise ValueError(f"{'ONCE' if self.once else 'CAPTURE'} is for SOURCE=file: add --source file")
        if self.once and "health_check_port" not in self.model_fields_set:
            self.health_check_port = 0  # any free one: this is a command, and the service may be running beside it
        return self

    @property
    def hosts(self) -> list[str]:
        """`upstream_hosts`, taken apart, without a slash at the end; Bluesky's own where it is empty."""
        version = self.jetstream_version if self.source == "jetstream" else 1
        return [url.rstrip("/") for url in parts(self.upstream_hosts or BLUESKY[self.source, version])]

    def listed(self, name: Literal["only_languages", "only_authors", "except_authors"]) -> frozenset[str]:
        """A list of a filter, taken apart."""
        return frozenset(parts(getattr(self, name)))


def _is_websocket_url(url: str) -> bool:
    try:
        taken_apart = urlsplit(url)
        _ = taken_apart.port  # ValueError where it is none
    except ValueError:
        return False
    host = taken_apart.hostname
    return taken_apart.scheme in ("ws", "wss") and bool(host) and not any(map(str.isspace, url))
