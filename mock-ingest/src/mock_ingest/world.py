"""The world of posts as a pure function: (seed, rate, shares, seq) -> event.

Event ``seq`` happens at the Unix time ``seq / rate``. Nothing is remembered and nothing is stored, so the world has
no beginning to replay from and no end, and two processes with the same options tell exactly the same story.
"""

from fractions import Fraction
from functools import lru_cache
from hashlib import blake2b

from mock_ingest import records
from mock_ingest.broken import FLAWS
from mock_ingest.dice import Dice
from mock_ingest.events import (
    FOLLOW,
    LIKE,
    POST,
    REPOST,
    Account,
    Commit,
    Event,
    Garbage,
    Identity,
    Op,
    Record,
    Sync,
)
from mock_ingest.identifiers import did_plc, tid
from mock_ingest.kinds import COMMITS, FIRST_SEQ, POPULATION, Kind, Plot
from mock_ingest.records import Post, PostRef, reference_to
from mock_ingest.writing import corrected, hostile_writing, ordinary_writing

_MICROSECONDS = 1_000_000
#: A record is written this long before its commit. It must be less than the time between two events of one author,
#: which is 10 ms at 100,000 events/s, or a record key could come twice.
_COMPOSE_US = 1_000
#: Rates are cut to thousandths of an event per second, so that times are exact fractions.
_RATE_DENOMINATOR = 1_000

#: Of all posts. Replies and quotes together must stay well below 1: each needs another post worked out, which may
#: itself be a reply or a quote.
_REPLY_SHARE, _QUOTE_SHARE = 0.3, 0.08
_MEDIA_SHARE = 0.25
#: Commits with two or three posts, as the app writes a thread.
_THREAD_SHARE = 0.03
#: Likes, reposts, replies and quotes flock to this many posts for this many events: a few posts are popular, as in
#: life, and their CIDs are then worked out once.
_POPULAR_POSTS, _POPULAR_FOR = 16, 1_000
#: Events looked through for a post to refer to. Even at a post share of 1 % only one search in 10^8 finds none.
_REACH = 2_000
#: References kept, each about 300 bytes.
_REFERENCES_KEPT = 4_096

_STATUSES = ("deactivated", "suspended", "takendown", "deleted")
_NAMES = ("ada", "bruno", "chidi", "dalia", "emre", "farah", "goran", "hana", "ines", "jun", "kofi", "lesya")


class World:
    """All events there are for a seed. ``rate`` is in events per second; shares are from 0 to 1.

    ``post_share`` of the events create posts, ``hostile_share`` of those posts carry a hostile text, and
    ``garbage_share`` of the events are frames that no reader can take at face value.
    """

    def __init__(
        self,
        seed: int,
        rate: float,
        *,
        post_share: float = 0.11,
        hostile_share: float = 0.02,
        garbage_share: float = 0.0,
    ) -> None:
        self._key = blake2b(str(seed).encode(), digest_size=32).digest()
        self._events, self._seconds = Fraction(rate).limit_denominator(_RATE_DENOMINATOR).as_integer_ratio()
        self._hostile_share = hostile_share
        self._plot = Plot(self._key, post_share, garbage_share)
        self._dids = tuple(did_plc(self._key, author) for author in range(POPULATION))
        self._reference = lru_cache(_REFERENCES_KEPT)(self._reference_before)

    def time_us(self, seq: int) -> int:
        """When ``seq`` happens, in microseconds since 1970."""
        return seq * _MICROSECONDS * self._seconds // self._events

    def head(self, now_us: int) -> int:
        """The newest event that has happened at ``now_us`` (microseconds since 1970)."""
        return now_us * self._events // (_MICROSECONDS * self._seconds)

    def event(self, seq: int) -> Event:
        """The event with this sequence number (1 or more)."""
        time_us, did = self.time_us(seq), self._did(seq)
        match self._plot.kind(seq):
            case Kind.IDENTITY:
                return Identity(seq, time_us, did, self._handle(seq))
            case Kind.LEAVE:
                status = Dice(self._key, b"leave", seq).pick(_STATUSES)
                return Account(seq, time_us, did, active=False, status=status)
            case Kind.RETURN:
                return Account(seq, time_us, did, active=True, status=None)
            case Kind.SYNC:
                return Sync(seq, time_us, did, self._rev(seq))
            case Kind.GARBAGE:
                flaw = Dice(self._key, b"flaw", seq).pick(FLAWS)
                return Garbage(seq, time_us, flaw, self._commit(seq, (self._post(seq).as_op("create"),)))
            case kind:
                return self._commit(seq, self._ops(kind, seq))

    def _ops(self, kind: Kind, seq: int) -> tuple[Op, ...]:
        match kind:
            case Kind.CREATE:
                return self._posts(seq)
            case Kind.UPDATE:
                updated, prev = self._updated(seq)
                return (updated.as_op("update", prev),)
            case Kind.DELETE:
                return (self._delete(seq),)
            case Kind.EMPTY:
                return ()
            case Kind.FOLLOW:
                return (self._follow(seq),)
        subject = self._popular(seq, Dice(self._key, b"subject", seq))
        if subject is None:
            return (self._follow(seq),)
        if kind is Kind.REPOST:
            return (self._create(seq, REPOST, records.repost(subject, self._created_us(seq))),)
        return (self._create(seq, LIKE, records.like(subject, self._created_us(seq))),)

    def _posts(self, seq: int) -> tuple[Op, ...]:
        """One post, or a thread of posts by the same author in one commit."""
        first = self._post(seq)
        dice = Dice(self._key, b"thread", seq)
        if not dice.chance(_THREAD_SHARE):
            return (first.as_op("create"),)
        thread = [first]
        for place in range(1, 2 + dice.below(2)):
            thread.append(self._post(seq, place, reference_to(thread[-1])))
        return tuple(post.as_op("create") for post in thread)

    def _post(self, seq: int, place: int = 0, parent: PostRef | None = None) -> Post:
        """The post at ``place`` (0 = first) in the commit ``seq``; ``parent`` is the one before it in a thread."""
        dice = Dice(self._key, b"post%d" % place, seq)
        if dice.chance(self._hostile_share):
            writing, facets = hostile_writing(dice)
        else:
            writing, facets = ordinary_writing(dice, self._neighbours(seq))
        if parent is None and dice.chance(_REPLY_SHARE):
            parent = self._popular(seq, dice)
        record = records.post(writing, facets, self._created_us(seq), parent, self._embed(seq, dice), dice)
        return Post(self._did(seq), self._rkey(seq, place), record, writing)

    def _embed(self, seq: int, dice: Dice) -> Record | None:
        quoted = self._popular(seq, dice) if dice.chance(_QUOTE_SHARE) else None
        if quoted is not None:
            return records.quote(quoted)
        return records.media(dice) if dice.chance(_MEDIA_SHARE) else None

    def _updated(self, seq: int) -> tuple[Post, bytes]:
        """The author's edit of the post created one event of theirs earlier, and the CID it replaces."""
        post = self._post(seq - POPULATION)
        writing = corrected(post.writing)
        return Post(post.did, post.rkey, {**post.record, "text": writing.text}, writing), post.cid

    def _delete(self, seq: int) -> Op:
        """The end of the post that the author created, or edited, one event of theirs earlier."""
        before = seq - POPULATION
        post = self._post(before) if self._plot.kind(before) is Kind.CREATE else self._updated(before)[0]
        return Op("delete", post.did, POST, post.rkey, None, post.cid)

    def _follow(self, seq: int) -> Op:
        followed = self._did(Dice(self._key, b"follow", seq).below(POPULATION))
        return self._create(seq, FOLLOW, records.follow(followed, self._created_us(seq)))

    def _create(self, seq: int, collection: str, record: Record) -> Op:
        return Op("create", self._did(seq), collection, self._rkey(seq, 0), record)

    def _commit(self, seq: int, ops: tuple[Op, ...]) -> Commit:
        return Commit(seq, self.time_us(seq), self._did(seq), self._rev(seq), self._since(seq), ops)

    def _since(self, seq: int) -> str | None:
        """The revision of the author's commit before this one, None for the first there is."""
        before = seq - POPULATION
        while before >= FIRST_SEQ:
            if self._plot.kind(before) in COMMITS:
                return self._rev(before)
            before -= POPULATION
        return None

    def _popular(self, seq: int, dice: Dice) -> PostRef | None:
        """One of the posts that everybody talks about at ``seq``."""
        era = seq - seq % _POPULAR_FOR
        return self._reference(era - dice.below(_POPULAR_POSTS) * _POPULAR_FOR // _POPULAR_POSTS)

    def _reference_before(self, seq: int) -> PostRef | None:
        """The newest post before ``seq``; None where garbage or the beginning of the world leaves none in reach."""
        for earlier in range(seq - 1, max(FIRST_SEQ, seq - _REACH) - 1, -1):
            if self._plot.kind(earlier) is Kind.CREATE:
                return reference_to(self._post(earlier))
        return None

    def _neighbours(self, seq: int) -> list[tuple[str, str]]:
        """A few authors to mention, by DID and handle."""
        return [(self._did(seq + step), self._handle(seq + step)) for step in (1, 7, 42)]

    def _did(self, seq: int) -> str:
        return self._dids[seq % POPULATION]

    def _handle(self, seq: int) -> str:
        author = seq % POPULATION
        return f"{_NAMES[author % len(_NAMES)]}{author}.test"

    def _created_us(self, seq: int) -> int:
        return max(self.time_us(seq) - _COMPOSE_US, 0)

    def _rkey(self, seq: int, place: int) -> str:
        return tid(self._created_us(seq) + place, seq % POPULATION)

    def _rev(self, seq: int) -> str:
        return tid(self.time_us(seq), seq % POPULATION)
