"""What nats-firehose-ingest can be told."""

from __future__ import annotations

from typing import Literal

from pipeline_core.settings import SERVICE_NAME, Settings
from pydantic import Field, field_validator


class IngestSettings(Settings):
    """Read Bluesky's firehose and publish every new post to JetStream, once."""

    service_name: str = Field(
        "nats-firehose-ingest", pattern=SERVICE_NAME, description="the name in logs and in the cursor's key"
    )
    source: Literal["firehose"] = Field("firehose", description="a relay's or server's com.atproto.sync.subscribeRepos")
    upstream_hosts: str = Field(
        "wss://bsky.network,wss://relay1.us-west.bsky.network,wss://relay1.us-east.bsky.network",
        description="WebSocket base URLs separated by commas, tried in order",
    )
    start_cursor: int | None = Field(
        None, ge=0, description="where no cursor is stored: start after this sequence (0: as far back as upstream goes)"
    )
    receive_timeout: float = Field(60.0, gt=0, description="seconds of silence after which the connection is renewed")
    nats_stream: str = Field("bluesky-posts", description="the raw stream")
    nats_subject: str = Field("bluesky.posts", description="its subjects are <this>.create and so on")
    nats_kv_bucket: str = Field("firehose-state", description="the bucket that keeps the cursor of each host")
    cursor_save_interval: float = Field(5.0, gt=0, description="seconds between saves of the cursor")
    duplicate_window_seconds: float = Field(
        600.0, gt=0, description="how long JetStream recognises a post that is sent again"
    )
    stats_interval: float = Field(10.0, gt=0, description="seconds between lines of statistics in the log")

    @field_validator("upstream_hosts")
    @classmethod
    def _are_websocket_urls(cls, hosts: str) -> str:
        urls = [url.strip() for url in hosts.split(",") if url.strip()]
        if not urls or not all(url.startswith(("ws://", "wss://")) for url in urls):
            raise ValueError("give WebSocket base URLs such as wss://bsky.network, separated by commas")
        return hosts

    @property
    def hosts(self) -> list[str]:
        """`upstream_hosts`, taken apart, without a slash at the end."""
        return [url.strip().rstrip("/") for url in self.upstream_hosts.split(",") if url.strip()]
