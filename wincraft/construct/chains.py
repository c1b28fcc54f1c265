# SPDX-License-Identifier: Apache-2.0
"""Chains by name: bases and factorisations, map by map, as people write them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.bases import Basis, families, given_basis, parse_basis
from wincraft.construct.change import change_basis
from wincraft.construct.factors import FACTORISATIONS, factorise
from wincraft.construct.scaling import balance_stages
from wincraft.errors import BadDocument, BadValue, UnknownName, look_up

_JOINED = re.compile(r"\s+(?=[^()]*\))|\s*(=)\s*")
"""Blanks inside parentheses, and an equals sign with the blanks around it."""
_FAMILY = re.compile("[a-z-]*")
_WORD = re.compile(r"\s*[\w-]*\s*")

MAPS = ("input", "filter", "output")


def plain_names() -> tuple[str, ...]:
    """The bases that need neither parameters nor nodes, and all factorisations: what can be tried unasked.

    >>> {"canonical", "bernstein", "butterfly"} <= set(plain_names()), "jacobi" in plain_names()
    (True, False)
    """
    return (*families(plain=True), *FACTORISATIONS)


def chained(algorithm: Algorithm, text: str) -> Algorithm:
    """The algorithm with its maps as the chains that a text names. Exact.

    - ``legendre``: a basis (see `parse_basis`) or a factorisation (see `FACTORISATIONS`) for every map;
    - ``mine.json``: a file with the rows of your own P, as texts: ``[["1", "0"], ["-1/3", "1"]]``;
    - ``input=legendre output=butterfly``: for the maps named, separated by blanks;
    - ``legendre/pow2``: the values between stages balanced by powers of two (see `balance_stages`).

    Raises:
        UnknownName: for another name; the nearest is offered.
        BadDocument: for a file that cannot be read.
        NotApplicable, BadNumber, BadShape, FloatGiven: where there is no such chain.

    >>> from wincraft import winograd
    >>> [len(item.stages) for item in chained(winograd(4, 3), "input=legendre output=butterfly").maps]
    [2, 1, 2]
    """
    words, slash, balancing = split_balancing(text)
    if slash:
        look_up("balancing", balancing.strip(), {"pow2": None})
    result = apply_chains(algorithm, parse_chains(words))
    made = balance_stages(result) if slash else result
    told = None if ".json" in words.lower() else text  # what a file holds is not told by its name
    return replace(made, recipe=tuple(replace(axis, basis=told) for axis in made.recipe))


def parse_chains(text: str) -> dict[str, str]:
    """The name of a basis or factorisation for each map that gets one; ``input=`` and so on before a bare name.

    Raises:
        UnknownName: for another map, or no name at all.
        BadValue: where a map is named twice.

    >>> parse_chains("legendre"), parse_chains("filter=lu")
    ({'input': 'legendre', 'filter': 'legendre', 'output': 'legendre'}, {'filter': 'lu'})
    """
    chosen: dict[str, str] = {}
    of_all: list[str] = []
    for word in _JOINED.sub(lambda match: match[1] or "", text).split():
        name, equals, value = word.partition("=")
        if not equals:
            of_all.append(name)
            continue
        look_up("map", name, dict.fromkeys(MAPS))
        if name in chosen:
            raise BadValue(f"{name} of basis {text}", "named twice", "name every map once")
        chosen[name] = value
    if len(of_all) > 1:
        raise BadValue(f"basis {text}", f"ambiguous: {' and '.join(of_all)} are for all maps", "give one, or input=...")
    chosen = dict.fromkeys(MAPS, of_all[0]) | chosen if of_all else chosen
    if not chosen:
        raise UnknownName("basis", text, families())
    return {name: value if _is_file(value) else value.lower() for name, value in chosen.items()}


def apply_chains(algorithm: Algorithm, chosen: Mapping[str, str]) -> Algorithm:
    """The algorithm with the named basis or factorisation for each map that is named; raises as `basis_named`.

    >>> from wincraft import winograd
    >>> len(apply_chains(winograd(4, 3), {"input": "legendre"}).input.stages)
    2
    """
    read = {name: basis_named(value) for name, value in chosen.items()}
    factors = {name: chosen[name] for name, basis in read.items() if basis is None}
    bases = {name: basis for name, basis in read.items() if basis is not None}
    if factors:
        algorithm = factorise(algorithm, **factors)
    return change_basis(algorithm, **bases) if bases else algorithm


def basis_named(value: str) -> Basis | None:
    """The basis of a name or of a ``.json`` file; None where the name is that of a factorisation.

    Raises:
        UnknownName: for another name; the nearest is offered.
        BadDocument: for a file that cannot be read.
        NotApplicable, BadNumber, BadShape, FloatGiven: as `parse_basis` and `given_basis`.

    >>> basis_named("legendre"), basis_named("lu")
    (basis legendre, None)
    """
    if _is_file(value):
        return _load_basis(value)
    known = dict.fromkeys((*families(), *FACTORISATIONS))
    look_up("basis or factorisation", (_FAMILY.match(value) or [""])[0], known)
    return None if value in FACTORISATIONS else parse_basis(value)


def _is_file(value: str) -> bool:
    return value.lower().endswith(".json")


def _load_basis(path: str) -> Basis:
    rows_wanted = 'write the rows of P, [["1", "0"], ["-1/3", "1"]]'
    try:
        rows = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise BadDocument(path, error.strerror or "it cannot be opened", "give a file with the rows of P") from None
    except (ValueError, RecursionError):
        raise BadDocument(path, "it is no JSON", rows_wanted) from None
    rows = rows.get("P") if isinstance(rows, dict) else rows
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise BadDocument(path, "it has no rows", rows_wanted)
    return given_basis(rows, Path(path).name)


def split_balancing(text: str) -> tuple[str, str, str]:
    """The text before and after a slash that one bare word follows: no rational number, no path of a file.

    >>> split_balancing("laguerre(1/2)/pow2"), split_balancing("dir/own.json")
    (('laguerre(1/2)', '/', 'pow2'), ('dir/own.json', '', ''))
    """
    words, slash, rest = text.rpartition("/")
    return (words, slash, rest) if slash and _WORD.fullmatch(rest) else (text, "", "")
