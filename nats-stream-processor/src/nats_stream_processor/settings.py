"""What nats-stream-processor can be told."""

from __future__ import annotations

from pathlib import Path

from pipeline_core.settings import SERVICE_NAME, Settings
from pydantic import AliasChoices, Field


class ProcessorSettings(Settings):
    """Read raw posts, add sentiment and topics, publish them to the enriched stream."""

    service_name: str = Field(
        "nats-stream-processor", pattern=SERVICE_NAME, description="the name in logs and in the enriched post"
    )
    input_stream: str = Field("bluesky-posts", description="the raw stream")
    input_subject: str = Field("bluesky.posts.>", description="the raw posts' subjects")
    output_stream: str = Field("bluesky-posts-enriched", description="the enriched stream")
    output_subject: str = Field("bluesky.enriched", description="its subjects are <this>.<sentiment>.<top topic>")
    consumer_name: str = Field(
        "unified-processor",
        validation_alias=AliasChoices("consumer_name", "queue_group"),
        description="the durable consumer that all replicas share",
    )
    ack_wait_seconds: float = Field(
        30.0, gt=0, description="after this long without an answer a post is given out again"
    )
    max_deliver: int = Field(3, ge=1, description="failed attempts at a post before it becomes a dead letter")
    fatal_deliveries: int = Field(
        10, ge=1, description="further deliveries, each tried alone, before what ends the process each time is one"
    )
    max_ack_pending: int = Field(1000, ge=1, description="posts given out to all replicas and not yet acknowledged")
    retry_delay: float = Field(
        5.0, ge=0, description="seconds before a post that failed is given out again; doubled each time, 60 at the most"
    )
    duplicate_window_seconds: float = Field(
        600.0, gt=0, description="how long JetStream recognises an enriched post that is sent again"
    )
    topic_sigmoid_threshold: float = Field(
        0.5, gt=0, lt=1, description="topics at or above it are named, and the top one"
    )
    model_folder: Path | None = Field(
        None, description="folder with model.onnx and its files; the embedded model if none"
    )
    threads: int = Field(0, ge=0, description="threads of the model; 0: as many as this process may use CPUs")
    stats_interval: float = Field(10.0, gt=0, description="seconds between lines of statistics in the log")
