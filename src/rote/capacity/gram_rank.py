r"""The rank of a Jacobian from its Gram matrix, by Cholesky decomposition.

Rows are scaled to norm 1, so that a pivot is the squared sine of the angle between a row and the
span of those before it. An ordinary decomposition with all pivots above the noise proves nothing,
but is quick evidence of full rank. Otherwise the decomposition is repeated with diagonal pivoting,
which ends where the largest remaining pivot is noise: that is the rank. (Without pivoting, noise
lets it run one or two rows too far.) The tolerance is ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rote.typing import Floats

__all__ = ["GramRank", "gram_rank"]

_GAP = 30.0
"""Ratio of the last pivot that counts to the first that does not, from which a rank is clear."""


@dataclass(frozen=True)
class GramRank:
    """A numerical rank.

    Attributes:
        rank: Rows that are independent to the precision of float64.
        full: Whether these are all rows.
        smallest: The last pivot that counts, the squared sine of an angle: the conditioning.
        clear: Whether the pivots stop far above the noise, so that the rank is not in doubt.
    """

    rank: int
    full: bool
    smallest: float
    clear: bool


def gram_rank(gram: Floats) -> GramRank:
    """The numerical rank of a matrix from its Gram matrix of rows.

    Args:
        gram: Shape (n, n), symmetric and positive semidefinite up to rounding.

    Returns:
        The rank.
    """
    from scipy.linalg.lapack import dpotrf, dpstrf

    n = len(gram)
    size = np.sqrt(np.diag(gram))
    live = size > 0
    if not live.all():
        gram, size = gram[np.ix_(live, live)], size[live]
    if not size.size:
        return GramRank(0, full=False, smallest=0.0, clear=True)
    gram = gram / size
    gram /= size[:, None]
    noise = max(len(gram), 100) * float(np.finfo(np.float64).eps)
    lower, failed = dpotrf(gram.T, lower=1)
    if not failed:
        smallest = float(np.diag(lower).min()) ** 2
        if smallest > _GAP * noise:
            return GramRank(len(gram), full=bool(live.all()), smallest=smallest, clear=True)
    lower, _, rank, _ = dpstrf(gram.T, lower=1, tol=noise, overwrite_a=1)
    smallest = float(lower[rank - 1, rank - 1]) ** 2
    return GramRank(int(rank), full=rank == n, smallest=smallest, clear=smallest > _GAP * noise)
