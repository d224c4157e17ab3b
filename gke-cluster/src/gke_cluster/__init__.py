"""Creates, scales and deletes the GKE cluster of the suite: a plan first, with its cost, then exactly that."""

__version__ = "0.1.0"
