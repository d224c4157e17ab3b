"""The tokenizer: the encoder's own WordPiece, with emoji in the slots its vocabulary left unused."""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import torch
from nats_stream_processor.text import EMOJI, clean
from tokenizers import Tokenizer

FIRST_PICTOGRAPH, LAST_PICTOGRAPH = 0x1F300, 0x1FAFF


def emoji_by_use(texts: Iterable[str]) -> list[str]:
    """Named emoji, the most used in the texts first, then the unused pictographs in the order of Unicode."""
    used = Counter(emoji for text in texts for emoji in EMOJI.findall(text))
    unused = (chr(code) for code in range(FIRST_PICTOGRAPH, LAST_PICTOGRAPH + 1))
    ranked = dict.fromkeys([emoji for emoji, _ in used.most_common()] + list(unused))
    return [emoji for emoji in ranked if unicodedata.name(emoji, "") and clean(emoji) == emoji]


def with_emoji(tokenizer_file: Path, emoji: list[str]) -> tuple[Tokenizer, dict[int, str]]:
    """The tokenizer with emoji in its unused slots, without padding or truncation; and what stands in each slot."""
    definition = json.loads(tokenizer_file.read_text(encoding="utf-8"))
    definition["truncation"] = definition["padding"] = None
    vocabulary = definition["model"]["vocab"]
    free = sorted((index, token) for token, index in vocabulary.items() if token.startswith("[unused"))
    missing = [symbol for symbol in emoji if symbol not in vocabulary]
    placed = {}
    for (index, token), symbol in zip(free, missing, strict=False):
        del vocabulary[token]
        vocabulary[symbol] = index
        placed[index] = symbol
    definition["model"]["vocab"] = dict(sorted(vocabulary.items(), key=lambda item: item[1]))
    tokenizer = Tokenizer.from_str(json.dumps(definition))
    tokenizer.encode_special_tokens = True
    return tokenizer, placed


@torch.no_grad()
def start_from_names(embeddings: torch.Tensor, tokenizer: Tokenizer, placed: dict[int, str]) -> None:
    """Writes into each emoji's row the mean of the words of its Unicode name ("crying face")."""
    for index, symbol in placed.items():
        words = tokenizer.encode(unicodedata.name(symbol).lower(), add_special_tokens=False).ids
        embeddings[index] = embeddings[words].mean(dim=0)
