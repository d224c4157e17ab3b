"""What nats-firehose-ingest counts."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    """One instance a process, on the service's own registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, what: str, *labels: str) -> Counter:
            return Counter(name, what, labels, registry=registry)

        def gauge(name: str, what: str) -> Gauge:
            return Gauge(name, what, registry=registry)

        self.frames = counter("firehose_frames_total", "Frames read from upstream, by kind of event", "kind")
        self.operations = counter(
            "nats_firehose_operations_total", "Operations on records of posts seen upstream", "action"
        )
        self.published = counter("nats_firehose_posts_published_total", "Posts that JetStream has stored")
        self.removals = counter(
            "nats_firehose_removals_published_total",
            "Deletions of posts and changes of accounts that JetStream has stored, by kind",
            "kind",
        )
        self.duplicates = counter(
            "nats_firehose_posts_duplicate_total", "Messages that JetStream recognised as stored before"
        )
        self.dropped = counter("firehose_posts_dropped_total", "Posts that a filter dropped, by reason", "reason")
        self.publish_errors = counter(
            "nats_firehose_publish_errors_total", "Failed attempts to publish; each is retried"
        )
        self.bad = counter("firehose_bad_input_total", "What upstream sent that is no post, by reason", "reason")
        self.rejected = counter("nats_firehose_posts_rejected_total", "Messages that JetStream will never take")
        self.reconnects = counter(
            "firehose_reconnects_total", "Connections to upstream that ended, by reason", "reason"
        )
        self.gaps = counter(
            "firehose_gaps_total", "Times that upstream could not go on from our cursor, by reason", "reason"
        )
        self.found = counter(
            "firehose_places_found_total", "Of these, times that the place was found by time: nothing is missing then"
        )
        self.skipped = counter(
            "firehose_sequence_skipped_total",
            "Numbers left out of the sequence of a firehose: of a relay, events that we were not sent",
        )
        self.connected = gauge("firehose_connected", "1 while a connection to upstream stands")
        self.nats_connected = gauge("nats_connected", "1 while the connection to the broker stands")
        self.frames_per_second = gauge("firehose_messages_per_second", "Frames read from upstream a second")
        self.posts_per_second = gauge("firehose_events_per_second", "Posts read from upstream a second")
        self.cursor = gauge("firehose_cursor", "The sequence up to which every post is stored, as last saved")
        self.lag = gauge("firehose_lag_seconds", "Seconds since the newest event that was read")
        self.under_way = gauge("firehose_ops_queue_size", "Posts published and not yet acknowledged")
