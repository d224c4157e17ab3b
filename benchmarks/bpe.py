"""A tokenizer of RoBERTa's kind, learnt from the texts that are measured: RoBERTa's own is not ours to ship."""

from __future__ import annotations

from collections.abc import Sequence

from nats_stream_processor.classifier import plain
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
"""With RoBERTa's numbers."""
TOKENS_A_WORD = 1.3
"""Of the texts, a word being what stands between blanks: about what RoBERTa's vocabulary makes of plain English. A
vocabulary as large as RoBERTa's, learnt from few texts, would know each word whole and flatter the models."""
SMALLEST = len(SPECIAL) + 256  # a token for each byte
STEP = 100  # tokens of the vocabulary: nearer to TOKENS_A_WORD than that makes no difference


def byte_level_bpe(texts: Sequence[str], largest: int) -> Tokenizer:
    """The smallest vocabulary, of at most `largest`, that splits words into TOKENS_A_WORD or fewer."""
    texts = [plain(text) for text in texts]
    words = sum(len(text.split()) for text in texts)
    low, high = SMALLEST, largest
    while high - low > STEP:
        middle = (low + high) // 2
        if _tokens(_learnt(texts, middle), texts) > TOKENS_A_WORD * words:
            low = middle
        else:
            high = middle
    tokenizer = _learnt(texts, high)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer


def _learnt(texts: Sequence[str], vocabulary: int) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocabulary,
            special_tokens=[*SPECIAL],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return tokenizer


def _tokens(tokenizer: Tokenizer, texts: Sequence[str]) -> int:
    return sum(len(encoding) for encoding in tokenizer.encode_batch_fast([*texts]))
