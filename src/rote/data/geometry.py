"""What theorems ask of points: separation, general position, coherence, operator norm.

Each function takes an array of points and returns a small frozen result with a witness. Rows are
positions in that array; for the points of a data set, ``data.rows`` has their row numbers.
"""

from rote.data.position import Position, general_position
from rote.data.separation import Separation, label_separation, separation
from rote.data.spread import Coherence, OperatorNorm, coherence, operator_norm

__all__ = [
    "Coherence",
    "OperatorNorm",
    "Position",
    "Separation",
    "coherence",
    "general_position",
    "label_separation",
    "operator_norm",
    "separation",
]
