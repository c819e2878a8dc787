"""The catalogue: every construction that Rote can build, one file per theorem."""

from __future__ import annotations

from typing import Any

from rote.constructions._base import Construction as Construction
from rote.constructions._base import Theorem as Theorem
from rote.constructions.baum1988 import Baum1988
from rote.constructions.bubeck2020_harmonic import Bubeck2020Harmonic
from rote.constructions.bubeck2020_ntk import Bubeck2020Ntk
from rote.constructions.bubeck2020_relu import Bubeck2020Relu
from rote.constructions.bubeck2020_slabs import Bubeck2020Slabs
from rote.constructions.compact import Compact
from rote.constructions.dirksen2024 import Dirksen2024
from rote.constructions.hernandez2024 import Hernandez2024
from rote.constructions.madden2024 import Madden2024
from rote.constructions.madden2024_deep import Madden2024Deep
from rote.constructions.minimal import Minimal
from rote.constructions.options import check_options
from rote.constructions.park2021 import Park2021
from rote.constructions.rajput2021 import Rajput2021
from rote.constructions.rajput2021_two_layers import Rajput2021TwoLayers
from rote.constructions.vardi2022 import Vardi2022
from rote.constructions.vershynin2020 import Vershynin2020
from rote.constructions.yang2026 import Yang2026
from rote.constructions.yun2019_classifier import Yun2019Classifier
from rote.constructions.yun2019_deep import Yun2019Deep
from rote.constructions.yun2019_residual import Yun2019Residual
from rote.constructions.yun2019_three_layer import Yun2019ThreeLayer
from rote.constructions.zhang2017 import Zhang2017
from rote.errors import OptionError
from rote.suggest import did_you_mean

__all__ = ["CATALOGUE", "Construction", "Theorem", "make"]

CATALOGUE: dict[str, type[Construction]] = {
    construction.theorem.key: construction
    for construction in (
        Zhang2017,
        Yun2019ThreeLayer,
        Yun2019Classifier,
        Yun2019Deep,
        Yun2019Residual,
        Bubeck2020Relu,
        Bubeck2020Slabs,
        Bubeck2020Ntk,
        Bubeck2020Harmonic,
        Compact,
        Baum1988,
        Rajput2021,
        Rajput2021TwoLayers,
        Dirksen2024,
        Vershynin2020,
        Hernandez2024,
        Park2021,
        Vardi2022,
        Yang2026,
        Madden2024,
        Madden2024Deep,
        Minimal,
    )
}
"""Constructions by key, in the order in which the command line lists them."""


def make(key: str, **options: Any) -> Construction:
    """A construction of the catalogue with the given options.

    Args:
        key: Its catalogue key.
        **options: Its own options.

    Returns:
        The construction.

    Raises:
        OptionError: An unknown key or option, or a value that the construction refuses.
    """
    if key not in CATALOGUE:
        raise OptionError(f"There is no construction {key!r}. {did_you_mean(key, CATALOGUE)}")
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    check_options(key, CATALOGUE[key], options)
    return CATALOGUE[key](**options)
