"""What nats-stream-processor counts."""

from __future__ import annotations

from pipeline_core.backlog import Backlog
from pipeline_core.messages import EnrichedPost
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from nats_stream_processor.enrich import language

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_SHARES = tuple(tenth / 10 for tenth in range(1, 11))


class Metrics:
    """One instance a process, on the service's own registry."""

    def __init__(self, registry: CollectorRegistry, prefix: str) -> None:
        def counter(name: str, what: str, *labels: str) -> Counter:
            return Counter(f"{prefix}_{name}", what, labels, registry=registry)

        def histogram(name: str, what: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"{prefix}_{name}", what, labels, buckets=buckets, registry=registry)

        self.backlog = Backlog(prefix, registry)
        self.processed = counter("posts_processed_total", "Raw posts that were given an answer")
        self.published = counter("posts_published_total", "Enriched posts that JetStream has stored")
        self.passed_on = counter("removals_passed_on_total", "Deletions and account changes stored, by kind", "kind")
        self.duplicates = counter(
            "posts_duplicate_total", "Enriched posts and removals that JetStream recognised as stored before"
        )
        self.publish_errors = counter("publish_errors_total", "Failed attempts to publish; each is retried")
        self.errors = counter(
            "errors_total",
            "Failed attempts at a message, that of its dead letter too, by the reason of the dead letter it comes to",
            "error_type",
        )
        self.dead_letters = counter("dead_letters_total", "Messages given up, by reason", "reason")
        self.sentiments = counter("sentiment_predictions_total", "Posts by sentiment", "sentiment")
        self.topics = counter("topic_predictions_total", "Posts by topic named", "topic")
        self.unclassified = counter(
            "posts_unclassified_total",
            "Posts without a sentiment, or without topics, that was asked for, by reason",
            "reason",
        )
        self.uncertain = counter(
            "sentiment_uncertain_total", "Posts whose sentiment was below the threshold, marked or left out"
        )
        self.unsupported = counter(
            "unsupported_language_posts_total", "Posts in a language in which no model answers, by language", "language"
        )
        self.repeats = counter("posts_repeated_total", "Posts answered as the same text was a short while ago")
        self.sentiment_confidence = histogram("sentiment_confidence", "Probability of the sentiment named", _SHARES)
        self.topic_confidence = histogram("topic_confidence", "Probability of the top topic", _SHARES)
        self.processing = histogram(
            "processing_duration_seconds",
            "From taking a raw message until what became of it is stored",
            _SECONDS,
        )
        self.inference = histogram(
            "model_inference_duration_seconds",
            "Tokenising and inference of the posts taken together, by model: embedded, or the task of one by name",
            _SECONDS,
            "model",
        )
        self.nats_connected = Gauge(
            f"{prefix}_nats_connected", "1 while the connection to the broker stands", registry=registry
        )
        self.queue_size = Gauge(
            f"{prefix}_message_queue_size", "Raw messages that have come and wait for the model", registry=registry
        )

    def count(self, post: EnrichedPost) -> None:
        """It was stored, for the first time."""
        self.published.inc()
        if post.unclassified is not None:
            self.unclassified.labels(post.unclassified).inc()
        self.uncertain.inc(
            post.unclassified == "uncertain" or (post.sentiment is not None and post.sentiment.uncertain)
        )
        if post.unclassified == "language_not_supported" or post.topics is None:
            self.unsupported.labels(bounded(language(post))).inc()
        if post.sentiment is not None:
            self.sentiments.labels(post.sentiment.label).inc()
            self.sentiment_confidence.observe(post.sentiment.score)
        if post.topics is not None:
            for topic in post.topics.topics:
                self.topics.labels(topic).inc()
            self.topic_confidence.observe(post.topics.top_confidence)


def bounded(code: str) -> str:
    """As a label: authors write what they like, and three letters alone would make 17,576 series."""
    return code if len(code) == 2 else "other"
