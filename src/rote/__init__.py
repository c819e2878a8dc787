"""Neural networks that know a finite data set by heart, and proofs that they do."""

from rote import errors as errors
from rote.api.bounds import bounds as bounds
from rote.api.build import constructions as constructions
from rote.api.build import memorize as memorize
from rote.api.check import verify as verify
from rote.api.compare import compare as compare
from rote.api.memo import Memo as Memo
from rote.api.plan import plan as plan
from rote.api.probe import probe as probe
from rote.capacity.curve import capacity_curve as capacity_curve
from rote.certify import Certificate as Certificate
from rote.version import __version__ as __version__

__all__ = [
    "Certificate",
    "Memo",
    "__version__",
    "bounds",
    "capacity_curve",
    "compare",
    "constructions",
    "errors",
    "memorize",
    "plan",
    "probe",
    "verify",
]
