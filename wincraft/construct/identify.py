# SPDX-License-Identifier: Apache-2.0
"""Recognising foreign matrices: form, storage, moduli, scaling vectors, convention.

What is given (`given`) is read in every `orientation`; where the entries as written are no algorithm, the `nearest`
exact one is looked for, by its fractions or rebuilt on points (`rebuild`); its moduli and scales are recovered
(`recover`). What is none is refused: shapes that fit no size by `misfit`, all else by `refusal`, which diagnoses the
exact matrices on which most entries agree (`consensus`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.content import Form
from wincraft.algorithm.recipe import Recipe
from wincraft.algorithm.refutation import Refuted
from wincraft.construct.conventions import CONVENTIONS, Convention, Scaling
from wincraft.construct.given import read_given, roundings
from wincraft.construct.misfit import misfit
from wincraft.construct.nearest import decades, nearest, proved
from wincraft.construct.orientation import Orientation, orientations
from wincraft.construct.recover import recover_moduli, row_scaling
from wincraft.construct.refusal import diagnosis, refusal
from wincraft.construct.toom_cook import Taps, canonical_taps
from wincraft.errors import BadNumber, BadValue, NotApplicable, WrongType, shorten
from wincraft.exact.number import number_text, read_fraction
from wincraft.show.layout import Layout, Section, Table
from wincraft.show.shown import Shown

LONGEST_SCALE = 6
"""Decimals that compute the convolution at a scale of more characters are taken for rounded ones first."""


@dataclass(frozen=True, repr=False)
class Identification(Shown):
    """What three matrices turned out to be.

    `algorithm` is exact and proved, in the orientation of the document format (A^T, G, B^T), with moduli in row order
    where they were recovered. `transposed` names the matrices that were stored transposed. `scaling` holds what
    multiplies the canonical rows (powers, powers, monic). `conventions` are all that match, in registry order.
    `largest_error` is the largest deviation of a given entry, relative to the largest entry of its row; 0 if exact.
    """

    algorithm: Algorithm
    transposed: tuple[str, ...] = ()
    scaling: Scaling | None = None
    conventions: tuple[str, ...] = ()
    largest_error: Fraction = Fraction(0)

    @property
    def row_scaling(self) -> dict[str, list[str]] | None:
        """The three scaling vectors as texts, or None where the moduli were not recovered."""
        if self.scaling is None:
            return None
        to_sympy = self.algorithm.domain.to_sympy
        vectors = {"AT_col": self.scaling.a, "G_row": self.scaling.g, "BT_row": self.scaling.b}
        return {name: [number_text(to_sympy(value)) for value in vector] for name, vector in vectors.items()}

    def layout(self) -> Layout:
        """What was found, line by line."""
        algorithm = self.algorithm
        stored = f", stored transposed: {', '.join(self.transposed)}" if self.transposed else ""
        found = {
            "form": f"{algorithm.form}{stored}",
            "moduli": ",".join(map(str, algorithm.moduli)) if algorithm.moduli else "not recovered",
            **({} if algorithm.field.ordered else {"field": algorithm.field.name}),
            "scale": number_text(algorithm.scale),
            "convention": ", ".join(self.conventions) or "none of the named ones",
            **{name: ", ".join(values) for name, values in (self.row_scaling or {}).items()},
        }
        worst = f"largest deviation of an entry {float(self.largest_error):.2g}, relative to its row"
        return Layout(
            f"{algorithm.size}, rank {algorithm.rank}, proved",
            (),
            (Section("", (Table(("", ""), tuple(found.items()), "ll"),), (worst,) if self.largest_error else ()),),
        )


def identify(
    AT: object,
    G: object,
    BT: object,
    *,
    tolerance: Fraction | float | None = None,
    form: Form | None = None,
    names: tuple[str, str, str] = ("AT", "G", "BT"),
) -> Identification:
    """Find form, moduli, scaling vectors, scale and convention of bare matrices.

    Each matrix is rows of exact numbers, `Decimal` or floats, a NumPy array or a PyTorch tensor, and may be stored
    transposed. `names` says how each is called where it comes from: A, B and GT are the transposes of AT, BT and G.
    The linear convolution form is meant where `form` says so, or where the shapes leave nothing else.

    Decimals and floats are first taken as they are written. Where that is no algorithm, the exact one is looked for
    whose rounding they are: to the digits that are printed, or to the dtype. `tolerance`, relative to the largest entry
    of a tap's row or column, replaces that limit. The result is exact and proved.

    Raises:
        Refuted: the matrices do not compute the convolution; with the diagnosis.
        Unidentified: no exact algorithm lies within what rounding allows, but one lies within a tolerance that is
            named, or so many entries are off that none is near.
        BadShape: matrices whose shapes fit no F(m,r).
        BadNumber, FloatGiven: an entry, or a tolerance, that is no finite number.
        UnknownName: a name that is none of AT, A, G, GT, BT, B.

    >>> from wincraft import winograd
    >>> given = winograd(2, 3, points="0,1,-1", convention="lavin")
    >>> identify(given.AT, given.G, given.BT)
    F(2,3), rank 4, proved
      form        correlation
      moduli      0,1,-1,inf
      scale       1
      convention  lavin
      AT_col      1, 1, 1, -1
      G_row       1, 1/2, 1/2, 1
      BT_row      -1, 1, 1, -1

    >>> F = winograd(2, 3, points="0,1,-2")
    >>> rounded = [[f"{float(value):.4f}" for value in row] for row in F.G.tolist()]
    >>> found = identify(F.AT, rounded, F.BT)
    >>> found.algorithm == F, float(found.largest_error)
    (True, 0.0001)
    """
    given = tuple(read_given(name, rows) for name, rows in zip(names, (AT, G, BT), strict=True))
    limit = read_tolerance(tolerance)
    every = orientations(form, names)
    fitting = [orientation for orientation in every if orientation.fits(given)]
    if not fitting:
        raise misfit(given, every, names)
    levels = roundings(given)
    tried = ((proved(orientation.tables(given)), orientation) for orientation in fitting)
    written = next(((made, orientation, Fraction(0)) for made, orientation in tried if made is not None), None)
    if written is not None and (not levels or len(str(written[0].scale)) <= LONGEST_SCALE):
        return _describe(*written)
    if written is None and (limit == 0 or not (levels or limit)):
        raise Refuted(diagnosis(given, fitting, []))
    steps = levels if limit is None else [*levels, *decades(given, limit, 11)]
    found = nearest(given, fitting, steps, limit) or written
    if found is not None:
        return _describe(*found)
    raise refusal(given, fitting, levels, limit)


def read_tolerance(given: Fraction | float | str | None) -> Fraction | None:
    """A tolerance as a Fraction, None where none is given.

    Raises:
        WrongType, BadValue: for what is no number, or none in [0, 1).

    >>> read_tolerance("1e-5"), read_tolerance(0.25)
    (Fraction(1, 100000), Fraction(1, 4))
    """
    if given is None:
        return None
    try:
        if not isinstance(given, int | float | str | Fraction):
            raise TypeError
        limit = read_fraction(given) if isinstance(given, str) else Fraction(given)
    except (TypeError, ValueError, OverflowError, BadNumber):
        raise WrongType("a tolerance", shorten(repr(given)), "give a number such as 1e-5") from None
    if not 0 <= limit < 1:
        raise BadValue("the tolerance", shorten(str(given)), "give a number in [0, 1)")
    return limit


def _describe(algorithm: Algorithm, orientation: Orientation, error: Fraction) -> Identification:
    algorithm = replace(algorithm, form=orientation.form, recipe=())
    moduli = recover_moduli(algorithm)
    if moduli is None:
        return Identification(algorithm, orientation.transposed, largest_error=error)
    taps = canonical_taps(*algorithm.sizes[0], moduli)
    scaling = row_scaling(algorithm, taps)
    assert scaling is not None
    matching = tuple(name for name, convention in CONVENTIONS.items() if _same(convention, taps, scaling))
    named = replace(algorithm, recipe=(Recipe(moduli, matching[0] if matching else None),))
    return Identification(named, orientation.transposed, scaling, matching, error)


def _same(convention: Convention, taps: Taps, scaling: Scaling) -> bool:
    try:
        return bool(convention(taps) == scaling)
    except NotApplicable:
        return False
