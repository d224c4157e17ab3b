"""What nats-stream-processor can be told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pipeline_core.settings import A_DAY, SERVICE_NAME, STREAM_NAME, SUBJECT, Settings
from pipeline_core.subjects import everything_below, meet
from pydantic import AfterValidator, AliasChoices, Field, model_validator

from nats_stream_processor.enrich import Rules, Task
from nats_stream_processor.labels import SENTIMENT_LABELS, TOPIC_LABELS
from nats_stream_processor.modelfiles import NamedModel
from nats_stream_processor.names import EMBEDDED, model_name, onnx_file

ModelName = Annotated[str, AfterValidator(model_name)]
OnnxFile = Annotated[str, AfterValidator(onnx_file)]
Sha256 = Annotated[str, Field(pattern="^[0-9A-Fa-f]{64}$")]


class ProcessorSettings(Settings):
    """What every deployment of this code can be told. Its one task is topics."""

    input_stream: str = Field("bluesky-posts", pattern=STREAM_NAME, description="the raw stream")
    input_subject: str = Field("bluesky.posts.>", pattern=SUBJECT, description="the raw posts' subjects")
    output_stream: str = Field("bluesky-posts-enriched", pattern=STREAM_NAME, description="the enriched stream")
    output_subject: str = Field(
        "bluesky.enriched", pattern=SUBJECT, description="its subjects are <this>.<sentiment>.<top topic>"
    )
    consumer_name: str = Field(
        pattern=STREAM_NAME,
        validation_alias=AliasChoices("consumer_name", "queue_group"),
        description="the durable consumer that all replicas share",
    )
    ack_wait_seconds: float = Field(
        30.0, ge=0.1, le=A_DAY, description="after this long without an answer a post is given out again"
    )
    max_deliver: int = Field(3, ge=1, description="failed attempts at a post before it becomes a dead letter")
    fatal_deliveries: int = Field(
        10,
        ge=1,
        description="further deliveries, tried alone, after which what ends the process once more is one",
    )
    max_ack_pending: int = Field(
        1000, ge=1, le=1_000_000, description="posts given out to all replicas and not yet acknowledged"
    )
    retry_delay: float = Field(
        5.0, ge=0, description="seconds before a post that failed is given out again; doubled each time, 60 at the most"
    )
    duplicate_window_seconds: float = Field(
        600.0, ge=0.1, le=A_DAY, description="how long JetStream recognises an enriched post that is sent again"
    )
    topic_sigmoid_threshold: float = Field(
        0.5, gt=0, lt=1, description="topics at or above it are named, and the top one"
    )
    topic_model_name: ModelName = Field(EMBEDDED, description="embedded, a folder, or owner/name[@revision] of the hub")
    topic_model_file: OnnxFile | None = Field(None, description="its ONNX file, if that is in no usual place")
    topic_model_sha256: Sha256 | None = Field(None, description="refuse it if its ONNX file has another SHA-256")
    topic_model_cache_dir: Path | None = Field(None, description="where models of the hub are kept; the hub's if none")
    topic_max_sequence_length: int = Field(512, ge=8, description="tokens of a post that a model by name reads")
    threads: int = Field(0, ge=0, description="threads of the model; 0: as many as this process may use CPUs")
    stats_interval: float = Field(10.0, gt=0, description="seconds between lines of statistics in the log")

    @model_validator(mode="after")
    def _what_is_read_is_not_what_is_written(self) -> Self:
        """Else the enriched stream would be made on the raw one's subjects, or its posts would be read as raw ones."""
        if self.output_stream == self.input_stream:
            raise ValueError(f"OUTPUT_STREAM: is INPUT_STREAM too, {self.input_stream!r}; name two streams")
        if meet(everything_below(self.output_subject), everything_below(self.input_subject)):
            raise ValueError(
                f"OUTPUT_SUBJECT: {self.output_subject!r} overlaps INPUT_SUBJECT, {self.input_subject!r}; give "
                "subjects of which neither begins with the other"
            )
        return self

    @model_validator(mode="after")
    def _only_a_model_by_name_has_a_file_and_a_checksum(self) -> Self:
        for model in ("sentiment_model", "topic_model"):
            for setting in (f"{model}_file", f"{model}_sha256"):
                if getattr(self, f"{model}_name", None) == EMBEDDED and getattr(self, setting) is not None:
                    name = f"{model}_name".upper()
                    raise ValueError(
                        f"{setting.upper()}: is of a model by name, and {name} is {EMBEDDED}, whose models are always "
                        f"checked; give {name} too, or leave {setting.upper()} out"
                    )
        return self

    @property
    def without_effect(self) -> list[str]:
        """The variables that were given and are of a model by name, where the embedded one answers."""
        tasks = [task for task in ("sentiment", "topic") if getattr(self, f"{task}_model_name", None) == EMBEDDED]
        given = {f"{task}_{what}" for task in tasks for what in ("model_cache_dir", "max_sequence_length")}
        return sorted(name.upper() for name in given & self.model_fields_set)

    @property
    def rules(self) -> Rules:
        """How the models' answers are judged."""
        return Rules(frozenset({"topics"}), topic_threshold=self.topic_sigmoid_threshold)

    @property
    def named_models(self) -> dict[Task, NamedModel]:
        """Those that take the embedded models' place."""
        if self.topic_model_name == EMBEDDED:
            return {}
        topics = NamedModel(
            TOPIC_LABELS,
            self.topic_model_name,
            self.topic_model_file,
            self.topic_model_sha256,
            self.topic_model_cache_dir,
            self.topic_max_sequence_length,
        )
        return {"topics": topics}


class UnifiedSettings(ProcessorSettings):
    """Read raw posts, add sentiment and topics, publish them to the enriched stream."""

    service_name: str = Field(
        "nats-stream-processor", pattern=SERVICE_NAME, description="the name in logs and in the enriched post"
    )
    consumer_name: str = Field(
        "unified-processor",
        pattern=STREAM_NAME,
        validation_alias=AliasChoices("consumer_name", "queue_group"),
        description="the durable consumer that all replicas share",
    )
    sentiment_confidence_threshold: float = Field(
        0.4, ge=0, lt=1, description="a sentiment less probable than this is uncertain"
    )
    uncertain_sentiment: Literal["mark", "omit"] = Field(
        "mark", description="publish a sentiment below the threshold with a mark, or none; either way it is counted"
    )
    sentiment_model_name: ModelName = Field(
        EMBEDDED, description="embedded, a folder, or owner/name[@revision] of the hub"
    )
    sentiment_model_file: OnnxFile | None = Field(None, description="its ONNX file, if that is in no usual place")
    sentiment_model_sha256: Sha256 | None = Field(None, description="refuse it if its ONNX file has another SHA-256")
    sentiment_model_cache_dir: Path | None = Field(
        None, description="where models of the hub are kept; the hub's if none"
    )
    sentiment_max_sequence_length: int = Field(512, ge=8, description="tokens of a post that a model by name reads")

    @property
    def rules(self) -> Rules:
        """How the models' answers are judged."""
        return Rules(
            frozenset({"sentiment", "topics"}),
            topic_threshold=self.topic_sigmoid_threshold,
            sentiment_threshold=self.sentiment_confidence_threshold,
            keep_uncertain=self.uncertain_sentiment == "mark",
        )

    @property
    def named_models(self) -> dict[Task, NamedModel]:
        """Those that take the embedded models' place."""
        if self.sentiment_model_name == EMBEDDED:
            return super().named_models
        sentiment = NamedModel(
            SENTIMENT_LABELS,
            self.sentiment_model_name,
            self.sentiment_model_file,
            self.sentiment_model_sha256,
            self.sentiment_model_cache_dir,
            self.sentiment_max_sequence_length,
        )
        return {"sentiment": sentiment, **super().named_models}
