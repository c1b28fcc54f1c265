# SPDX-License-Identifier: Apache-2.0
"""What documents of all versions state, read and checked: matrices, form, moduli, convention, basis, numbers."""

from __future__ import annotations

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.modulus import Modulus
from wincraft.algorithm.recipe import Recipe
from wincraft.construct.chains import chained
from wincraft.construct.conventions import CONVENTIONS, scaled_algorithm
from wincraft.construct.moduli import complete, parse_moduli
from wincraft.construct.recover import row_scaling
from wincraft.construct.scaling import primitive_form
from wincraft.construct.size import MAX_TILE
from wincraft.construct.toom_cook import canonical_taps
from wincraft.construct.winograd import winograd
from wincraft.errors import BadDocument, WincraftError, shorten
from wincraft.exact.matrix import read_rows
from wincraft.exact.number import exact_number
from wincraft.exact.types import Number
from wincraft.files.text import JsonObject

MAX_RANK = 4 * MAX_TILE
MAX_STAGES = 64


def read_table(path: str, name: str, rows: object) -> list[list[Number]]:
    """The rows of a matrix of ordinary size.

    Raises:
        BadDocument, BadNumber, BadShape, FloatGiven: where it is none.

    >>> read_table("f.json", "G", [["1", "1/2"]])
    [[1, 1/2]]
    """
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise BadDocument(path, f"{name} is no list of rows", f"give at most {MAX_RANK} rows of texts")
    if max(len(rows), *map(len, rows), 0) > MAX_RANK:
        raise BadDocument(path, f"{name} has more than {MAX_RANK} rows or columns", "give matrices of ordinary size")
    return read_rows(name, rows)


def read_recipe(algorithm: Algorithm, content: JsonObject, path: str) -> Recipe:
    """The moduli, the convention and the basis that a document states of an algorithm of one axis, all checked.

    Raises:
        BadDocument: where its matrices are not made so.

    >>> from wincraft import winograd
    >>> read_recipe(winograd(2, 3), {"moduli": ["0", "1", "-1", "inf"], "convention": "wincnn"}, "f.json").convention
    'wincnn'
    """
    (m, r), (n,) = algorithm.sizes[0], algorithm.n
    stated, convention = content.get("moduli"), content.get("convention")
    if convention is not None and not isinstance(convention, str):
        raise BadDocument(path, f"convention is a {type(convention).__name__}", "name one, or remove it")
    if content.get("construction") is not None:
        return read_tile_recipe(algorithm, [content], path)[0]
    if stated is None and convention is not None:
        raise BadDocument(path, f"it states convention {shorten(convention)!r} without moduli", "add the moduli")
    if stated is None:
        return Recipe()
    if not isinstance(stated, list) or not all(isinstance(item, (str, int)) for item in stated):
        raise BadDocument(path, "moduli is no list of texts", 'write it as ["0", "1", "-1", "inf"]')
    if len(stated) > n:
        raise BadDocument(path, f"{len(stated)} moduli for a tile of {n}", "correct or remove the moduli")
    moduli: tuple[Modulus, ...] = complete(parse_moduli(stated), m, r)
    if not algorithm.field.ordered:
        return _over_a_prime_field(algorithm, moduli, content, path)
    taps = canonical_taps(m, r, moduli)
    scaling = row_scaling(algorithm, taps) if len(taps.f) == algorithm.rank else None
    if scaling is None:
        raise BadDocument(path, "its matrices do not belong to its moduli", "correct or remove the moduli")
    if convention is not None and (convention not in CONVENTIONS or CONVENTIONS[convention](taps) != scaling):
        raise BadDocument(
            path, f"its matrices are not in convention {shorten(convention)!r}", "correct or remove the convention"
        )
    basis = content.get("basis")
    if basis is not None:
        plain = scaled_algorithm(taps, scaling, convention)
        if not isinstance(basis, str) or basis.endswith(".json") or chained(plain, basis) != algorithm:
            raise BadDocument(
                path, f"its maps are not made by basis {shorten(str(basis))!r}", "correct or remove basis"
            )
    return Recipe(moduli, convention, basis)


def read_tile_recipe(algorithm: Algorithm, stated: list[JsonObject], path: str) -> tuple[Recipe, ...]:
    """The recipe of an algorithm of whole tiles, or that is a construction, where it makes the same algorithm again.

    Raises:
        BadDocument: where it makes another, or says nothing that can be made.

    >>> from wincraft import winograd
    >>> read_tile_recipe(winograd("4+3,3"), [{"construction": "4+3,3", "convention": "wincnn"}], "f.json")[0].convention
    'wincnn'
    """
    texts = {item.get("construction") for item in stated}
    conventions = {item.get("convention") for item in stated}
    moduli = [item.get("moduli") for item in stated]
    text, convention = (values.pop() if len(values) == 1 else None for values in (texts, conventions))
    try:
        if isinstance(text, str):
            made = winograd(text, convention=str(convention or "wincnn"))
        else:
            given = ";".join(",".join(map(str, axis or ())) for axis in moduli)
            made = winograd(algorithm.m, algorithm.r, moduli=given, convention=str(convention))
    except WincraftError as error:
        raise BadDocument(path, f"its recipe makes nothing ({error})", "correct or remove the recipe") from None
    if made != algorithm and made.transpose() != algorithm:
        raise BadDocument(path, "its matrices are not those of its recipe", "correct or remove the recipe")
    return made.recipe


def _over_a_prime_field(algorithm: Algorithm, moduli: tuple[Modulus, ...], content: JsonObject, path: str) -> Recipe:
    """The recipe where it makes the algorithm over the rationals, of which this is the image."""
    convention, basis = content.get("convention"), content.get("basis")
    taps = canonical_taps(*algorithm.sizes[0], moduli)
    if convention not in CONVENTIONS:  # the integer maps that generate --domain makes have moduli, others are not known
        whole = primitive_form(scaled_algorithm(taps, CONVENTIONS["wincnn"](taps), None)).convert(algorithm.domain)
        return Recipe(moduli) if algorithm in (whole, whole.transpose()) else Recipe()
    made = scaled_algorithm(taps, CONVENTIONS[convention](taps), convention)
    made = made if basis is None else chained(made, str(basis))
    if made.convert(algorithm.domain) != algorithm:
        raise BadDocument(path, f"its matrices are not those of its recipe over {algorithm.field.name}", "remove it")
    return Recipe(moduli, convention, basis)


def check_facts(content: JsonObject, path: str, **actual: object) -> None:
    """Refuse what a document states that is not so.

    Raises:
        BadDocument

    >>> check_facts({"rank": 4}, "f.json", rank=4)
    """
    for key, value in actual.items():
        if key in content and repr(content[key]) != repr(value):  # true is no 1
            repair = (
                "the file was changed after it was written; remove sha256 to accept it"
                if key == "sha256"
                else f"correct {key}"
            )
            raise BadDocument(path, f"{key} is {shorten(str(content[key]))}, its matrices give {value}", repair)


def check_statements(content: JsonObject, path: str, algorithm: Algorithm) -> None:
    """Refuse what a foreign JSON object states of m, r, rank and scale where its matrices say otherwise.

    Raises:
        BadDocument

    >>> from wincraft import winograd
    >>> check_statements({"m": 2, "scale": "1"}, "f.json", winograd(2, 3))
    """
    sizes = {"m": algorithm.m, "r": algorithm.r}
    listed = {key: list(size) if isinstance(content.get(key), list) else size[0] for key, size in sizes.items()}
    check_facts(content, path, **listed, rank=algorithm.rank)
    try:
        stated = exact_number(content.get("scale", algorithm.scale))
    except WincraftError as error:
        raise BadDocument(path, f"scale: {error}", "correct scale") from None
    if stated != algorithm.scale:
        raise BadDocument(path, f"scale is {stated}, its matrices give {algorithm.scale}", "correct scale")
