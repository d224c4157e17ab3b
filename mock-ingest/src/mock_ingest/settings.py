"""What the mock can be told."""

from typing import Literal

from pipeline_core.settings import SERVICE_NAME, STREAM_NAME, SUBJECT, Settings
from pydantic import Field


class MockSettings(Settings):
    """A seeded, endless world of posts: published to NATS, or served as an AT Protocol firehose over WebSocket."""

    service_name: str = Field("mock-ingest", pattern=SERVICE_NAME, description="the name in logs and on the broker")
    mode: Literal["publish", "firehose"] = Field(
        "publish", description="publish: messages to NATS; firehose: frames over WebSocket"
    )
    seed: int = Field(1, description="which world: the same seed and shares at the same rate tell the same story")
    rate: float = Field(
        50.0, ge=0.001, le=100_000, description="events per second; in publish mode 85 % of them create posts"
    )
    count: int = Field(
        0, ge=0, description="publish: messages, then exit; firehose: events, then the world ends (0 = never)"
    )
    post_share: float = Field(0.11, ge=0.01, le=1, description="share of events that create posts (firehose)")
    hostile_share: float = Field(0.02, ge=0, le=1, description="share of posts with a hostile text")
    garbage_share: float = Field(0.0, ge=0, le=1, description="share of events that are broken on purpose")

    nats_stream: str = Field(
        "bluesky-posts", pattern=STREAM_NAME, description="publish: stream, created where it is missing"
    )
    nats_subject: str = Field(
        "bluesky.posts", pattern=SUBJECT, description="publish: subject prefix; <prefix>.create and so on"
    )

    firehose_host: str = Field("0.0.0.0", description="firehose: address to listen on")  # noqa: S104 - clients are other containers
    firehose_port: int = Field(16001, ge=0, le=65535, description="firehose: port to listen on")
    retention_seconds: float = Field(3600.0, ge=0, description="firehose: how far back a cursor may reach")
