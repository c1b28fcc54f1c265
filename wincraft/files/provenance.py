# SPDX-License-Identifier: Apache-2.0
"""What every written file says of itself: the command that makes it again, and a name for its symbols."""

from __future__ import annotations

import re

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.scaling import primitive_form
from wincraft.construct.winograd import winograd
from wincraft.errors import WincraftError
from wincraft.numbers.summation import C_ORDER, CIRCUIT_ORDERS
from wincraft.version import __version__

_PLAIN = re.compile(r"[\w +\-*/=:;,.()^@]+", re.ASCII)
"""What of a basis's text can stand in a comment and between double quotes of a shell."""


def command(algorithm: Algorithm, format: str, options: str = "") -> str:
    """The command line that writes the same bytes again, or a word on why there is none.

    The chains of an algorithm that `chained` made belong to it; of others the command is that of the algorithm without
    chains, and says so. `options` are further ones of ``wincraft generate``, each behind a blank.

    >>> from wincraft import winograd
    >>> F = winograd(2, 3, points="0,1,-1")
    >>> command(F, "c")
    'wincraft generate "F(2,3)" --moduli "0,1,-1,inf" --convention wincnn --format c'
    >>> from wincraft.construct.chains import chained
    >>> command(chained(F, "legendre"), "c")
    'wincraft generate "F(2,3)" --moduli "0,1,-1,inf" --convention wincnn --basis "legendre" --format c'
    """
    moduli = [recipe.moduli and ",".join(map(str, recipe.moduli)) for recipe in algorithm.recipe]
    whole = not algorithm.separable  # of whole tiles a pass along each axis and one more are no chain
    chained = any(len(item.passes) > len(algorithm.m) + whole for item in algorithm.maps)
    conventions = {recipe.convention for recipe in algorithm.recipe}
    if (constructed := _construction(algorithm)) and not chained:
        return f"{constructed} --format {format}{options}"
    if (over := _over_ring(algorithm)) is not None:
        return f"{over} --format {format}{options}"
    if None in moduli or len(conventions) != 1 or None in conventions:
        chains = ", its maps chains of stages" * chained
        return f"from given matrices or scalings{chains}, no generate command makes them"
    bases = {recipe.basis for recipe in algorithm.recipe}
    (through,) = bases if len(bases) == 1 else (None,)
    known = f' --basis "{through}"' if through is not None and _PLAIN.fullmatch(through) else ""
    unique = [moduli[0]] if len(set(moduli)) == 1 else moduli
    form = _form(algorithm)
    several = sum(any(item.degree > 1 for item in recipe.moduli or ()) for recipe in algorithm.recipe) > 1
    form = " --nested" * (several and algorithm.separable) + form
    written = f"--format {format}{options}"
    made = f'--moduli "{";".join(map(str, unique))}" --convention {conventions.pop()}{known}{form} {written}'
    field = "" if algorithm.field.ordered else f"; over {algorithm.field.name}, as written here"
    extra = "" if known or not chained else "; its maps are chains of stages, as written here (--basis, or its JSON)"
    return f'wincraft generate "{algorithm.size}" {made}{extra}{field}'


def _construction(algorithm: Algorithm) -> str | None:
    """The command of a construction (see `wincraft.construct.written`) up to its format, None where it is none."""
    made = {(recipe.construction, recipe.convention) for recipe in algorithm.recipe}
    if len(made) > 1 or not algorithm.field.ordered:
        return None
    ((text, convention),) = made
    if text is None:
        return None
    axes = f" --axes {len(algorithm.m)}" * (len(algorithm.m) > 1 and algorithm.separable)
    scaled = "" if convention is None else f" --convention {convention}"
    return f'wincraft generate "{text}"{axes}{scaled}{_form(algorithm)}'


def _over_ring(algorithm: Algorithm) -> str | None:
    """The command over GF(p) or Z/q up to its format, None where it makes something else.

    >>> from wincraft import winograd
    >>> from wincraft.construct import primitive_form
    >>> from sympy import GF
    >>> _over_ring(primitive_form(winograd(2, 2, points="0,1")).convert(GF(2)))
    'wincraft generate "F(2,2)" --moduli "0,1,inf" --domain "GF(2)"'
    """
    if algorithm.field.ordered or any(recipe.moduli is None for recipe in algorithm.recipe):
        return None
    several = [",".join(map(str, recipe.moduli or ())) for recipe in algorithm.recipe]
    moduli = ";".join(several[:1] if len(set(several)) == 1 else several)
    degrees = [item.degree for recipe in algorithm.recipe for item in recipe.moduli or ()]
    nested = algorithm.separable and len(several) > 1 and max(degrees) > 1
    try:
        made = primitive_form(winograd(algorithm.size, moduli=moduli, nested=nested)).convert(algorithm.domain)
    except WincraftError:
        return None
    made = made if made.form == algorithm.form else made.transpose()
    if made.sha256 != algorithm.sha256:
        return None
    flag = " --nested" * nested + _form(algorithm)
    return f'wincraft generate "{algorithm.size}" --moduli "{moduli}" --domain "{algorithm.field.name}"{flag}'


def _form(algorithm: Algorithm) -> str:
    return " --form linear" if algorithm.form == "linear" else ""


def banner(algorithm: Algorithm, format: str, options: str = "") -> list[str]:
    """Version, command and hash, as the first lines of a comment: no time and no path.

    >>> from wincraft import winograd
    >>> banner(winograd(2, 3, points="0,1,-1"), "text")[0].partition(": ")[2]
    'wincraft generate "F(2,3)" --moduli "0,1,-1,inf" --convention wincnn --format text'
    """
    return [f"wincraft {__version__}: {command(algorithm, format, options)}", f"sha256 {algorithm.sha256}"]


def circuit_words(choice: str) -> str:
    """The option of ``wincraft generate`` that chooses circuits, behind a blank; none of the default.

    >>> circuit_words("fewest"), circuit_words("default")
    (' --circuit=fewest', '')
    """
    return f" --circuit={choice}" if choice != CIRCUIT_ORDERS[C_ORDER] else ""


def identifier(algorithm: Algorithm) -> str:
    """The prefix of all symbols.

    >>> from wincraft import winograd
    >>> identifier(winograd("F(4x4,3x3)"))
    'wincraft_f4x4_3x3'
    """
    return "wincraft_" + algorithm.size.lower().replace("(", "").replace(")", "").replace(",", "_")
