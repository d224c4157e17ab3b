"""Makes the perceptrons of a network narrower: the neurons that add least to the result go."""

from collections.abc import Iterable

import torch
from network import Network, of_state
from torch import Tensor

Batch = tuple[Tensor, Tensor]
"""Token ids and mask, both [posts, tokens]."""


@torch.no_grad()
def narrowed(network: Network, batches: Iterable[Batch], inner: int) -> Network:
    """A copy with `inner` neurons in each perceptron but the last, which reads one token a post and so costs little.

    A neuron's worth is the energy of what it adds on these posts: its mean square times that of its outgoing weights.
    """
    network.eval()
    layers = network.layers[:-1]
    energies = [torch.zeros(layer.narrow.in_features) for layer in layers]
    for layer, energy in zip(layers, energies, strict=True):
        # The sum over the batch stays bound to its layer, and in 32 bits.
        layer.narrow.register_forward_pre_hook(lambda _, given, sums=energy: sums.add_(given[0].square().sum((0, 1))))
    for batch in batches:
        network(*batch)
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    for number, energy in enumerate(energies):
        prefix = f"layers.{number}"
        worth = energy * state[f"{prefix}.narrow.weight"].square().sum(0)
        kept = worth.topk(inner).indices.sort().values
        print(f"{prefix}: {worth[kept].sum() / worth.sum():.1%} of the energy is kept", flush=True)
        state[f"{prefix}.widen.weight"] = state[f"{prefix}.widen.weight"][kept]
        state[f"{prefix}.widen.bias"] = state[f"{prefix}.widen.bias"][kept]
        state[f"{prefix}.narrow.weight"] = state[f"{prefix}.narrow.weight"][:, kept]
    return of_state(state)
