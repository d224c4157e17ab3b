"""What nats-stream-processor-topics can be told."""

from __future__ import annotations

from nats_stream_processor.names import EMBEDDED
from nats_stream_processor.settings import ModelName, ProcessorSettings
from pipeline_core.settings import SERVICE_NAME, STREAM_NAME, SUBJECT
from pipeline_core.subjects import TOPICS_ONLY, prefix
from pydantic import AliasChoices, Field, field_validator


class TopicsSettings(ProcessorSettings):
    """Read raw posts, add topics alone, publish them to the enriched stream beside the fully enriched ones."""

    service_name: str = Field(
        "nats-stream-processor-topics", pattern=SERVICE_NAME, description="the name in logs and in the enriched post"
    )
    output_subject: str = Field(
        "bluesky.enriched",
        pattern=SUBJECT,
        description="the enriched stream's; ours are <this>.topics.only.none.<top topic>",
    )
    consumer_name: str = Field(
        "topic-processor",
        pattern=STREAM_NAME,
        validation_alias=AliasChoices("consumer_name", "queue_group"),
        description="the durable consumer that all replicas share",
    )
    topic_sigmoid_threshold: float = Field(
        0.5,
        gt=0,
        lt=1,
        validation_alias=AliasChoices("topic_sigmoid_threshold", "sigmoid_threshold"),
        description="topics at or above it are named, and the top one",
    )
    topic_model_name: ModelName = Field(
        EMBEDDED,
        validation_alias=AliasChoices("topic_model_name", "model_name"),
        description="embedded, a folder, or owner/name[@revision] of the hub",
    )

    @field_validator("output_subject")
    @classmethod
    def _has_nothing_of_ours(cls, subject: str) -> str:
        if f".{prefix(subject)}".endswith(f".{TOPICS_ONLY}"):
            raise ValueError(f"leave out {TOPICS_ONLY}, which is added here; with it, it is what the dashboard is told")
        return subject
