"""How right a set of answers is. Rows are posts; nothing here knows a model."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

RESAMPLES = 1_000
CONFIDENCE = 0.95
BINS = 15
"""Of the probabilities, where the calibration error is summed."""


def recalls(truth: Integers, answer: Integers, classes: int) -> NDArray[np.float64]:
    """Recall of each class; their mean is the score of SemEval-2017 task 4."""
    return np.array([(answer[truth == label] == label).mean() for label in range(classes)])


def macro_recall(truth: Integers, answer: Integers, classes: int = 3) -> float:
    """The mean recall of the classes that occur."""
    return float(
        np.mean([(answer[truth == label] == label).mean() for label in range(classes) if (truth == label).any()])
    )


def macro_f1(truth: Integers, answer: Integers, classes: int = 3) -> float:
    """The mean F1 of the classes: the score of XLM-T."""
    each = [
        f1_of_counts(((truth == label) & (answer == label)).sum(), (answer == label).sum(), (truth == label).sum())
        for label in range(classes)
    ]
    return float(np.mean(each))


def calibration_error(truth: Integers, probabilities: Floats) -> float:
    """Expected calibration error: how far the probability of the answer is from how often it is right, over bins."""
    sure, right = probabilities.max(1), probabilities.argmax(1) == truth
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [abs(sure[bins == index].sum() - right[bins == index].sum()) for index in range(BINS)]
    return float(sum(gaps) / len(truth))


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


def interval(score: Callable[[Integers], float], posts: int, seed: int = 0) -> tuple[float, float]:
    """The bootstrap interval of a score, given as a function of the rows that it is computed on."""
    draw = np.random.default_rng(seed)
    scores = [score(draw.integers(0, posts, posts)) for _ in range(RESAMPLES)]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(scores, [tail, 1 - tail])
    return float(low), float(high)
