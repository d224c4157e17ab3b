"""Fits the heads so that the plain rules hold at serving: argmax for sentiment, 0.5 for every topic.

First a temperature, so that probabilities say how often the answer is right; then shifts of the biases. All are fitted
on calibration parts that are neither trained on nor reported.
"""

import numpy as np
from measures import Bools, Floats, Integers, f1_of_counts, macro_recall

TEMPERATURES = np.geomspace(0.5, 4.0, 61)
PRIOR_STRENGTHS = np.linspace(0.0, 1.5, 31)
TOPIC_THRESHOLDS = np.linspace(0.05, 0.80, 76)
POOLED_POSITIVES = 100.0
"""Weight of all topics together, in positives, when one topic's threshold is fitted: a rare topic has a handful of
positives of its own, and its best threshold on those alone would be luck. Cross-validated on the calibration part:
macro-F1 on exact tweets 0.632 at 10, 0.622 at 30, 0.652 at 100, 0.623 at 300."""


def sentiment_temperature(logits: Floats, truth: Integers) -> float:
    """What to divide logits [posts, 3] by for the least mean surprise."""
    return _least(lambda temperature: -_log_shares(logits / temperature)[np.arange(len(truth)), truth].mean())


def topic_temperature(logits: Floats, truth: Bools) -> float:
    """The same for independent yes or no."""
    signed = np.where(truth, -logits, logits)
    return _least(lambda temperature: np.logaddexp(0.0, signed / temperature).mean())


def sentiment_shift(parts: list[tuple[Floats, Integers]]) -> Floats:
    """What to add to the logits [posts, 3] of each part for the best mean recall, averaged over the parts: a share of
    minus the log of the classes' frequencies in the first part, which is like the training texts.

    One number is fitted, not three, so that the shift follows the known imbalance of the training texts.
    """
    shares = np.bincount(parts[0][1], minlength=3) / len(parts[0][1])
    shifts = [-strength * np.log(shares) for strength in PRIOR_STRENGTHS]
    scores = [np.mean([macro_recall(truth, (logits + shift).argmax(1)) for logits, truth in parts]) for shift in shifts]
    return shifts[int(np.argmax(scores))].astype(np.float32)


def topic_thresholds(probabilities: Floats, truth: Bools) -> Floats:
    """The threshold of each topic with the best F1, smoothed by what is best for all topics together."""
    answers = probabilities[None] >= TOPIC_THRESHOLDS[:, None, None]
    hits = (answers & truth).sum(1).astype(float)
    answered = answers.sum(1).astype(float)
    true = truth.sum(0).astype(float)
    share = POOLED_POSITIVES / true.sum()
    pooled_hits, pooled_answered = hits.sum(1, keepdims=True) * share, answered.sum(1, keepdims=True) * share
    scores = f1_of_counts(hits + pooled_hits, answered + pooled_answered, true + POOLED_POSITIVES)
    return TOPIC_THRESHOLDS[scores.argmax(0)].astype(np.float32)


def logit(probability: Floats) -> Floats:
    return np.log(probability / (1.0 - probability))


def _least(loss) -> float:
    return float(TEMPERATURES[int(np.argmin([loss(temperature) for temperature in TEMPERATURES]))])


def _log_shares(logits: Floats) -> Floats:
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
