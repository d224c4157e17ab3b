"""How right a set of answers is. Rows are posts; nothing here knows a model."""

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]


def recalls(truth: NDArray[np.int64], answer: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Recall of each class; their mean is the score of SemEval-2017 task 4."""
    return np.array([(answer[truth == label] == label).mean() for label in range(classes)])


def topic_sets(probabilities: Floats, threshold: float = 0.5) -> Bools:
    """The rule of serving: topics at or over the threshold, and always the most probable one."""
    top = probabilities == probabilities.max(axis=1, keepdims=True)
    return (probabilities >= threshold) | top


def f1_of_counts(hits: NDArray, answered: NDArray, true: NDArray) -> NDArray[np.float64]:
    """2 × hits / (answered + true), 0 where there is neither."""
    return 2.0 * hits / np.maximum(answered + true, 1e-9)


def topic_f1(truth: Bools, answer: Bools) -> tuple[float, float, NDArray[np.float64]]:
    """(micro-F1, macro-F1 over all classes, F1 of each class)."""
    hits, answered, true = ((truth & answer).sum(0), answer.sum(0), truth.sum(0))
    each = f1_of_counts(hits, answered, true)
    micro = f1_of_counts(hits.sum(), answered.sum(), true.sum())
    return float(micro), float(each.mean()), each
