"""The network: BERT's encoder (some layers of 384) and two small heads on it. Plain PyTorch."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

POSITIONS, WIDTH, ATTENTION_HEADS = 512, 384, 12
BERT_INNER = 1_536
LAYER_NORM_EPSILON = 1e-12
DROPOUT = 0.1


class Layer(nn.Module):
    """Attention and a two-layer perceptron, each added to its input and normalised after (post-norm)."""

    def __init__(self, inner: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.attended = nn.Linear(WIDTH, WIDTH)
        self.attention_norm = nn.LayerNorm(WIDTH, LAYER_NORM_EPSILON)
        self.widen = nn.Linear(WIDTH, inner)
        self.narrow = nn.Linear(inner, WIDTH)
        self.output_norm = nn.LayerNorm(WIDTH, LAYER_NORM_EPSILON)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, hidden: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
        """`hidden` [posts, n, width] made anew from what it finds in `tokens` [posts, tokens, width]."""
        query, key, value = (
            linear(read).unflatten(-1, (ATTENTION_HEADS, -1)).transpose(1, 2)
            for linear, read in ((self.query, hidden), (self.key, tokens), (self.value, tokens))
        )
        context = F.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :])
        context = self.attended(context.transpose(1, 2).flatten(2))
        hidden = self.attention_norm(hidden + self.dropout(context))
        inner = self.narrow(F.gelu(self.widen(hidden)))
        return self.output_norm(hidden + self.dropout(inner))


class Head(nn.Module):
    """Logits from [first token; mean of tokens] through one hidden layer."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(2 * WIDTH, WIDTH)
        self.logits = nn.Linear(WIDTH, classes)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, pooled: Tensor) -> Tensor:
        return self.logits(self.dropout(torch.tanh(self.hidden(self.dropout(pooled)))))


class Network(nn.Module):
    """Token ids [posts, tokens] and mask [posts, tokens] to sentiment logits [posts, 3], topic logits [posts, 19].

    The last layer makes only the first token anew: the heads see the others as the mean of what came into that layer.
    That saves most of a layer's work.
    """

    def __init__(self, vocabulary: int, inners: Sequence[int], sentiments: int = 3, topics: int = 19) -> None:
        """A layer each of `inners`, the width inside its perceptron."""
        super().__init__()
        self.words = nn.Embedding(vocabulary, WIDTH)
        self.positions = nn.Embedding(POSITIONS, WIDTH)
        self.embedding_norm = nn.LayerNorm(WIDTH, LAYER_NORM_EPSILON)
        self.layers = nn.ModuleList(Layer(inner) for inner in inners)
        self.sentiment = Head(sentiments)
        self.topics = Head(topics)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.words(ids) + self.positions.weight[: ids.shape[1]]
        hidden = self.dropout(self.embedding_norm(hidden))
        for layer in self.layers[:-1]:
            hidden = layer(hidden, hidden, mask)
        first = self.layers[-1](hidden[:, :1], hidden, mask)[:, 0]
        real = mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * real).sum(1) / real.sum(1)
        pooled = torch.cat([first, mean], dim=-1)
        return self.sentiment(pooled), self.topics(pooled)


def from_bert(source: dict[str, Tensor], layers: Sequence[int]) -> Network:
    """A network of the given layers of a BERT (names of the `transformers` library), heads untrained."""
    source = {name.removeprefix("bert."): tensor for name, tensor in source.items()}
    names = {
        "words": "embeddings.word_embeddings",
        "positions": "embeddings.position_embeddings",
        "embedding_norm": "embeddings.LayerNorm",
    }
    for layer, taken in enumerate(layers):
        theirs = f"encoder.layer.{taken}"
        names |= {
            f"layers.{layer}.query": f"{theirs}.attention.self.query",
            f"layers.{layer}.key": f"{theirs}.attention.self.key",
            f"layers.{layer}.value": f"{theirs}.attention.self.value",
            f"layers.{layer}.attended": f"{theirs}.attention.output.dense",
            f"layers.{layer}.attention_norm": f"{theirs}.attention.output.LayerNorm",
            f"layers.{layer}.widen": f"{theirs}.intermediate.dense",
            f"layers.{layer}.narrow": f"{theirs}.output.dense",
            f"layers.{layer}.output_norm": f"{theirs}.output.LayerNorm",
        }
    network = Network(len(source["embeddings.word_embeddings.weight"]), [BERT_INNER] * len(layers))
    state = network.state_dict()
    for ours, theirs in names.items():
        for part in ("weight", "bias"):
            if f"{ours}.{part}" in state:
                state[f"{ours}.{part}"] = source[f"{theirs}.{part}"].clone()
    # Every token is of segment 0 here: its embedding belongs to the positions.
    state["positions.weight"] += source["embeddings.token_type_embeddings.weight"][0]
    network.load_state_dict(state)
    return network


def of_state(state: dict[str, Tensor]) -> Network:
    """The network that a state belongs to, its sizes read off the state."""
    inners = [len(tensor) for name, tensor in sorted(state.items()) if name.endswith(".widen.bias")]
    network = Network(len(state["words.weight"]), inners)
    network.load_state_dict(state)
    return network


def with_layers(network: Network, layers: Sequence[int]) -> Network:
    """A shallower copy that keeps the given layers, the embeddings and the heads."""
    kept = {}
    for name, tensor in network.state_dict().items():
        part, _, rest = name.partition(".")
        if part != "layers":
            kept[name] = tensor.clone()
            continue
        layer, _, rest = rest.partition(".")
        if int(layer) in layers:
            kept[f"layers.{layers.index(int(layer))}.{rest}"] = tensor.clone()
    return of_state(kept)
