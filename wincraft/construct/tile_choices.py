# SPDX-License-Identifier: Apache-2.0
"""What the catalogue knows of images beside sets of points that are nested: whole tiles, Fourier, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction

from wincraft.show.layout import Section, Table

TILE_USES = {
    "whole": "one modulus of degree 2: the fewest products above the least, the quietest of the sets searched",
    "whole-quiet": "x^2+x+1 and x^2-x+1: more products, quieter",
    "fourier": "symbolic Fourier convolution of the fewest products",
    "beside": "two tiles side by side along each axis, of the least noise gain",
}
"""What algorithms of images the catalogue has beside sets of points that are nested: by name wherever one is taken."""


@dataclass(frozen=True)
class TileChoice:
    """An algorithm of F(m x m, r x r): its moduli or its construction, products, exact noise gain, how it was found.

    >>> TileChoice(46, "23/9", "by its rule", construction="SFC-4(4x4,3x3)").text
    'SFC-4(4x4,3x3)'
    """

    products: int
    noise_gain: str
    found: str
    moduli: str | None = None
    construction: str | None = None

    @property
    def text(self) -> str:
        """The moduli or the construction."""
        return self.moduli or self.construction or ""

    @property
    def document(self) -> dict[str, object]:
        """As plain data, without what it has not."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def tile_section(m: int, r: int, choices: Sequence[tuple[str, TileChoice]]) -> Section:
    """What is known of F(m x m, r x r), and how it is asked for.

    >>> choice = TileChoice(46, "23/9", "best of 2 sets", moduli="0,1,-1,x^2+1,inf")
    >>> tile_section(4, 3, [("whole", choice)]).tables[0].rows
    (('whole', '46', '2.88', '2.55556', '0,1,-1,x^2+1,inf'),)
    """
    rows = tuple(
        (use, str(item.products), f"{item.products / m**2:.3g}", f"{float(Fraction(item.noise_gain)):.6g}", item.text)
        for use, item in choices
    )
    table = Table(("use", "products", "per output", "noise gain", "made of"), rows, "lrrrl")
    size = f"{m}x{m},{r}x{r}"
    named = f"by name: wincraft generate {size} --points {choices[0][0]}"
    return Section(
        f"F({size})", (table,), (*(f"{use}: {TILE_USES[use]}; {item.found}" for use, item in choices), named)
    )
