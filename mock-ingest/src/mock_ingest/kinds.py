"""Which kind of event each sequence number is: the plot of the world, without its words.

Author ``seq mod POPULATION`` acts at ``seq``, so an author's previous event is ``seq - POPULATION``. That one rule
lets an author edit, delete and come back without any memory: what was done before can be computed again.
"""

from enum import Enum, auto
from functools import lru_cache

from mock_ingest.dice import Dice

#: Authors. At 200 events/s each acts every five seconds: soon enough to see a post deleted while one watches.
#: Below 1,024, because an author's number is also the clock number in the author's TIDs.
POPULATION = 1_000
#: The first event; the protocol keeps 0 for "before everything".
FIRST_SEQ = 1
#: Each event asks for the author's events before it, which were asked for a round or two of all authors ago.
_WISHES_KEPT = 4 * POPULATION


class Kind(Enum):
    """What an event does. RETOUCH exists only as a wish: it becomes an update, a delete or, with no post, a like."""

    CREATE = auto()
    UPDATE = auto()
    DELETE = auto()
    LIKE = auto()
    REPOST = auto()
    FOLLOW = auto()
    IDENTITY = auto()
    LEAVE = auto()
    RETURN = auto()
    EMPTY = auto()
    SYNC = auto()
    GARBAGE = auto()
    RETOUCH = auto()


#: Kinds that write a commit, hence a revision of the author's repository.
COMMITS = frozenset(Kind) - {Kind.IDENTITY, Kind.LEAVE, Kind.RETURN, Kind.SYNC}

#: What is not a post, in thousandths. Likes dominate the network as they do here.
_OTHERS = (
    (Kind.LIKE,) * 620
    + (Kind.REPOST,) * 110
    + (Kind.FOLLOW,) * 100
    + (Kind.RETOUCH,) * 150
    + (Kind.IDENTITY,) * 5
    + (Kind.LEAVE,) * 5
    + (Kind.EMPTY,) * 5
    + (Kind.SYNC,) * 5
)


class Plot:
    """The kind of every event, from the seed's key and the shares (0 to 1) of posts and garbage."""

    def __init__(self, key: bytes, post_share: float, garbage_share: float) -> None:
        self._key = key
        self._post_share = post_share
        self._garbage_share = garbage_share
        self._wish = lru_cache(_WISHES_KEPT)(self._wished)

    def kind(self, seq: int) -> Kind:
        """What happens at ``seq``, given what the same author did before."""
        wish = self._wish(seq)
        before = seq - POPULATION
        if before < FIRST_SEQ:
            return Kind.LIKE if wish is Kind.RETOUCH else wish
        if self._wish(before) is Kind.LEAVE and self.kind(before) is Kind.LEAVE:
            return Kind.RETURN
        if wish is Kind.RETOUCH:
            return self._retouch(seq, self.kind(before))
        return wish

    def _wished(self, seq: int) -> Kind:
        dice = Dice(self._key, b"kind", seq)
        if dice.chance(self._garbage_share):
            return Kind.GARBAGE
        if dice.chance(self._post_share):
            return Kind.CREATE
        return dice.pick(_OTHERS)

    def _retouch(self, seq: int, before: Kind) -> Kind:
        if before is Kind.CREATE:
            return Dice(self._key, b"retouch", seq).pick((Kind.UPDATE, Kind.DELETE))
        return Kind.DELETE if before is Kind.UPDATE else Kind.LIKE
