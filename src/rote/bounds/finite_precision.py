r"""Weights of b bits: no more labels than weights.

**Ours.** W parameters of b bits each take $2^{b W}$ values, so n points take at most as many of
their $C^n$ labels: some are out of reach if $n \log_2 C > b W$, and random ones with probability
$1 - \eta$ if $n \log_2 C \ge b W + \log_2(1/\eta)$. Rounding, zeros of both signs and infinities
are all counted.
"""

from __future__ import annotations

import math
from fractions import Fraction

from rote.bounds._base import Architecture, Bound, Outline, Question

__all__ = ["BOUNDS"]


def _some(outline: Outline, question: Question) -> int | None:
    if question.bits is None:
        return None
    return _beyond(question.bits * outline.parameters, question)


def _random(outline: Outline, question: Question) -> int | None:
    if question.bits is None or question.classes is None or question.distributions:
        return None
    stored = question.bits * outline.parameters
    return _beyond(stored + math.log2(1 / question.failure), question)


def _beyond(stored: float, question: Question) -> int:
    """The first n whose labels have more bits than are stored."""
    classes = question.classes if question.classes and not question.distributions else 2
    if classes & (classes - 1) == 0:
        return math.floor(Fraction(stored) / (classes.bit_length() - 1)) + 1
    return math.floor(stored / math.log2(classes) * (1 + 1e-12)) + 1


def _of_architecture(architecture: Architecture, question: Question) -> int | None:
    """All labels on all parameters, or two-valued ones on those of one output."""
    single = architecture.with_outputs(1).outline
    two = Question(classes=2, bits=question.bits)
    found = [_some(architecture.outline, question), _some(single, two)]
    return min((n for n in found if n is not None), default=None)


BOUNDS = (
    Bound(
        key="finite-precision",
        title="Bits of weights against bits of labels",
        statement="W parameters of b bits compute at most 2^(b W) functions, so n points with "
        "n log2(C) > b W have labels in C classes that no weights compute.",
        source="rote",
        number="ours",
        constants="ours: exact counts, no constant",
        kind="impossible-some-data",
        hypotheses=("parameters of b bits",),
        points=_of_architecture,
        of_outline=_some,
    ),
    Bound(
        key="finite-precision-random",
        title="Bits of weights against bits of labels, random labels",
        statement="W parameters of b bits compute random labels in C classes with probability "
        "2^(b W) / C^n at most.",
        source="rote",
        number="ours",
        constants="ours: exact counts, no constant",
        kind="impossible-random-labels",
        hypotheses=("parameters of b bits",),
        of_outline=_random,
    ),
)
"""For every n points: some labels, and random ones."""
