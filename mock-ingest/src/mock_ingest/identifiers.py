"""The identifiers of the AT Protocol: CIDs, TIDs, DIDs, AT-URIs and datetimes, made from plain numbers and bytes."""

from base64 import b32encode
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b, sha256

#: CIDv1 · DAG-CBOR (0x71) · SHA-256 (0x12) · 32 bytes: the records, tree nodes and commits of a repository.
_DAG_CBOR_PREFIX = b"\x01\x71\x12\x20"
#: CIDv1 · raw (0x55) · SHA-256 · 32 bytes: blobs.
_RAW_PREFIX = b"\x01\x55\x12\x20"
#: The alphabet of a TID sorts as the numbers do, unlike that of RFC 4648 (https://atproto.com/specs/tid).
_TID_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
#: Two characters are ten bits: looked up together, as every event needs three TIDs.
_TID_PAIRS = tuple(one + other for one in _TID_ALPHABET for other in _TID_ALPHABET)
_TID_SHIFTS = (60, 50, 40, 30, 20, 10, 0)
_CLOCK_ID_BITS = 10
_MICROSECONDS = 1_000_000
#: Seconds whose writing is kept: hundreds of events share each.
_SECONDS_KEPT = 64


def cid_of_block(block: bytes) -> bytes:
    """The binary CID (36 bytes) of a DAG-CBOR block."""
    return _DAG_CBOR_PREFIX + sha256(block).digest()


def cid_of_blob(blob: bytes) -> bytes:
    """The binary CID (36 bytes) of raw bytes such as an image."""
    return _RAW_PREFIX + sha256(blob).digest()


def cid_text(cid: bytes) -> str:
    """A binary CID as text: multibase ``b``, lower-case base32 without padding (``bafyrei…``)."""
    return "b" + b32encode(cid).decode().rstrip("=").lower()


def tid(time_us: int, clock_id: int) -> str:
    """The 13 characters for a time in microseconds since 1970 and a clock number below 1,024."""
    number = time_us << _CLOCK_ID_BITS | clock_id
    pairs = [_TID_PAIRS[number >> shift & 1023] for shift in _TID_SHIFTS]
    return "".join(pairs)[1:]  # the number has 64 bits, which fill 13 characters


def did_plc(key: bytes, number: int) -> str:
    """The ``did:plc`` of author ``number``: 24 characters of base32, fixed by the key."""
    digest = blake2b(b"did" + number.to_bytes(8, "big"), key=key, digest_size=15).digest()
    return "did:plc:" + b32encode(digest).decode().lower()


def at_uri(did: str, collection: str, rkey: str) -> str:
    """The address of a record."""
    return f"at://{did}/{collection}/{rkey}"


def rfc3339(time_us: int) -> str:
    """Microseconds since 1970 as RFC 3339 in UTC with milliseconds, as the network writes it."""
    seconds, rest = divmod(time_us, _MICROSECONDS)
    return f"{_to_the_second(seconds)}.{rest // 1000:03d}Z"


@lru_cache(_SECONDS_KEPT)
def _to_the_second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
