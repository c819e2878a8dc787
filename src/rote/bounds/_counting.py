"""Counting labellings: n points cannot take all their labels once there are more than functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TypeAlias

from rote.bounds._base import Architecture, Question

__all__ = ["Reading", "first_beyond", "random_labels", "readings", "some_labels"]

_SLACK = 1e-9
"""Relative error that the logarithms of numbers of functions may have; they are rounded up by it.
Floats are better than that by far."""

Reading: TypeAlias = tuple[Architecture, int, float]
"""A network, in how many comparisons of its outputs the label is decided, and bits of a label."""


def first_beyond(bits: Callable[[int], float], per_point: float, surplus: float = 0.0) -> int:
    """The first n whose labels have more bits than the functions, by more than a surplus.

    Args:
        bits: Logarithm of the number of functions on n points; concave in n and of slower than
            linear growth, so that the difference changes its sign once.
        per_point: Bits of the label of one point.
        surplus: How many bits the difference must exceed.

    Returns:
        The number of points.
    """

    def beyond(n: int) -> bool:
        return n * per_point * (1 - _SLACK) - bits(n) > surplus

    low, high = 0, 1
    while not beyond(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return high


def readings(architecture: Architecture, question: Question) -> Iterator[Reading]:
    """The ways to read labels off a network that bounds on their number may use.

    A label is decided by comparisons of affine functions of the outputs: one for each pair of
    classes with several outputs (the largest, the nearest code), one for each pair of neighbours
    with one output. Labels that take two of the classes only are decided by one comparison, and so
    by the sign of a network with one output: the difference of two.

    Args:
        architecture: The network.
        question: The labels; real ones can be two-valued.

    Yields:
        Two-valued labels first; then those of all classes, if there are more than two.
    """
    yield architecture.with_outputs(1), 1, 1.0
    classes = question.classes
    if classes is not None and classes > 2 and not question.distributions:
        pairs = classes * (classes - 1) // 2
        comparisons = classes - 1 if architecture.outputs == 1 else pairs
        yield architecture, comparisons, math.log2(classes)


def some_labels(
    architecture: Architecture,
    question: Question,
    growth: Callable[[Architecture, int], Callable[[int], float]],
) -> int:
    """The first n at which some labels of every n points are out of reach.

    Args:
        architecture: The network.
        question: The labels.
        growth: For a network and a number of comparisons, the logarithm of the number of ways in
            which these come out on n points.

    Returns:
        The number of points.
    """
    return min(
        first_beyond(growth(network, comparisons), per_point)
        for network, comparisons, per_point in readings(architecture, question)
    )


def random_labels(
    architecture: Architecture,
    question: Question,
    growth: Callable[[Architecture, int], Callable[[int], float]],
) -> int | None:
    """The first n at which uniformly random labels of any n points are out of reach.

    They are within reach with a probability of the number of functions over that of labels.

    Args:
        architecture: The network.
        question: The labels, and the probability of failure.
        growth: As for :func:`some_labels`.

    Returns:
        The number of points; None for labels that are not classes.
    """
    if question.classes is None or question.distributions:
        return None
    *_, (network, comparisons, per_point) = readings(architecture, question)
    surplus = math.log2(1 / question.failure)
    return first_beyond(growth(network, comparisons), per_point, surplus)
