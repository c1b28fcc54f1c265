# SPDX-License-Identifier: Apache-2.0
"""An algorithm from the plain data of a document: passes or matrices, and all that is stated of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, get_args

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.content import Form
from wincraft.algorithm.diagnosis import diagnosis_of
from wincraft.algorithm.linear_map import LinearMap, Maps, Pass, check_shapes
from wincraft.algorithm.proof import scale_of
from wincraft.algorithm.refutation import MATRICES, MatrixName, Refuted
from wincraft.construct.size import MAX_AXES, MAX_TILE
from wincraft.errors import BadDocument, shorten
from wincraft.exact.field import Field
from wincraft.exact.matrix import from_numbers, to_texts
from wincraft.exact.number import exact_number, field_of
from wincraft.exact.types import Domain, Number
from wincraft.files.statements import MAX_RANK, MAX_STAGES, check_facts, read_recipe, read_table, read_tile_recipe
from wincraft.files.text import JsonObject

Shape = tuple[int, ...]


class Given(NamedTuple):
    """A pass as a document gives it: `image` is empty where it is along an axis or its shape is not stated."""

    rows: list[list[Number]]
    axis: int | None
    image: Shape


def upgraded(content: JsonObject, path: str) -> JsonObject:
    """The document of one axis of version 1, or a foreign object with m, r, AT, G and BT, as one of version 2.

    Raises:
        BadDocument: stages that are no lists of matrices.

    >>> upgraded({"m": 1, "r": 2, "domain": "QQ", "moduli": ["0", "inf"]}, "f.json")
    {'m': [1], 'r': [2], 'field': 'QQ', 'recipe': [{'moduli': ['0', 'inf'], 'convention': None}]}
    """
    if isinstance(content.get("m"), list):
        return content
    result = {key: value for key, value in content.items() if key not in ("stages", "domain", "moduli", "convention")}
    result |= {key: [content[key]] for key in ("m", "r") if key in content}
    if "domain" in content:
        result["field"] = content["domain"]
    if content.get("moduli") is not None or content.get("convention") is not None:
        result["recipe"] = [{key: content.get(key) for key in ("moduli", "convention")}]
    stages = content.get("stages") or {}
    if not isinstance(stages, dict) or not all(isinstance(chain, list) and chain for chain in stages.values()):
        raise BadDocument(path, "stages is no object of lists of matrices", "leave it out or write it again")
    if stages:
        result["passes"] = {name: [{"axis": 0, "matrix": matrix} for matrix in chain] for name, chain in stages.items()}
    return result


def from_passes(content: JsonObject, path: str) -> Algorithm:
    """The algorithm of a document of version 2, of any number of axes.

    ``passes`` of a map come before its matrix, which of several axes is for whole tiles, flattened row by row.

    Raises:
        BadDocument: where it states something else than its matrices say.
        Refuted: matrices that do not compute the convolution.
        WincraftError: what is no matrix of exact numbers.

    >>> from_passes({"m": [1], "r": [1], "AT": [["2"]], "G": [["1/2"]], "BT": [["1"]]}, "f.json")
    F(1,1), rank 1, scale 1, proved
    """
    passes = content.get("passes") or {}
    if not isinstance(passes, dict) or not passes.keys() <= set(MATRICES):
        raise BadDocument(path, "passes are of other names than AT, G and BT", "leave them out or write them again")
    missing = [key for key in ("m", "r") if key not in content]
    missing += [name for name in MATRICES if name not in content and name not in passes]
    if missing:
        raise BadDocument(path, f"it has no {', '.join(missing)}", "an algorithm document has m, r, AT, G and BT")
    form: Form = content.get("form", "correlation")
    if form not in get_args(Form):
        raise BadDocument(path, f"form is {form!r}", "it is correlation or linear")
    given = {name: _given(path, name, passes.get(name, [{"matrix": content.get(name)}])) for name in MATRICES}
    m, r = _sizes(content, path, given)
    K = _domain(content, given)
    maps = _maps(given, m, r, K)
    check_shapes(*maps)
    scale = exact_number(content["scale"]) if "scale" in content else scale_of(maps)
    if scale is None:
        raise Refuted(diagnosis_of(maps, None))
    algorithm = Algorithm(maps.output, maps.filter, maps.input, scale, form)
    for name, item in zip(MATRICES, maps, strict=True):
        if name in passes and name in content and item.texts != _texts(path, name, content[name], K):
            raise BadDocument(path, f"the passes of {name} do not multiply out to {name}", "correct one of the two")
    algorithm = _with_recipe(algorithm, content.get("recipe"), path)
    facts = {"m": list(m), "r": list(r), "rank": algorithm.rank, "field": algorithm.field.name}
    check_facts(content, path, **facts, sha256=algorithm.sha256)
    return algorithm


def _given(path: str, name: str, steps: object) -> list[Given]:
    if not isinstance(steps, list) or not 1 <= len(steps) <= MAX_STAGES or not all(isinstance(s, dict) for s in steps):
        raise BadDocument(path, f"{name} has no list of 1 to {MAX_STAGES} passes", "write it again")
    found = []
    for step in steps:
        axis, image = step.get("axis"), step.get("image", [])
        whole = axis is None and isinstance(image, list) and all(type(k) is int and 0 < k <= MAX_RANK for k in image)
        if not whole and not (type(axis) is int and 0 <= axis < MAX_AXES):
            reason = f"a pass of {name} is along axis {shorten(str(axis))}"
            raise BadDocument(path, reason, "give the number of an axis, or the image of whole tiles")
        found.append(Given(read_table(path, name, step.get("matrix")), axis, tuple(image) if whole else ()))
    return found


def _sizes(content: JsonObject, path: str, given: Mapping[MatrixName, list[Given]]) -> tuple[Shape, Shape]:
    """M and r: stated, or of one axis what the matrices say."""
    stated = content["m"], content["r"]
    if all(isinstance(size, list) and len(size) == 1 for size in stated):
        m, r = (len(given["AT"][-1].rows),), (len(given["G"][0].rows[0]),)
    else:
        for key, size in zip("mr", stated, strict=True):
            if not isinstance(size, list) or not all(type(number) is int and number > 0 for number in size):
                raise BadDocument(path, f"{key} is {shorten(str(size))}", "it lists a number for each axis")
        m, r = (tuple(size) for size in stated)
        if len(m) != len(r) or not 1 <= len(m) <= MAX_AXES:
            raise BadDocument(path, f"m has {len(m)} axes and r has {len(r)}", f"give as many, 1 to {MAX_AXES}")
    longest = max(outputs + taps - 1 for outputs, taps in zip(m, r, strict=True))
    if longest > MAX_TILE:
        raise BadDocument(path, f"its tile m + r - 1 is {longest}", f"at most {MAX_TILE} is read")
    return m, r


def _domain(content: JsonObject, given: Mapping[MatrixName, list[Given]]) -> Domain:
    """That of the field that is stated, or the smallest real one."""
    if content.get("field") is not None:
        return Field.named(str(content["field"])).domain
    return field_of(value for steps in given.values() for step in steps for row in step.rows for value in row)


def _maps(given: Mapping[MatrixName, list[Given]], m: Shape, r: Shape, K: Domain) -> Maps:
    n = tuple(outputs + taps - 1 for outputs, taps in zip(m, r, strict=True))
    steps = {name: [Pass(from_numbers(rows, K), axis, image) for rows, axis, image in given[name]] for name in MATRICES}
    products = n
    for step in steps["BT"]:
        products = _placed(step, step.matrix.shape[:1]).shape_after(products)

    def linear_map(passes: Sequence[Pass], tile: Shape, image: Shape) -> LinearMap:
        *first, last = passes
        return LinearMap(tile, (*(_placed(step, step.matrix.shape[:1]) for step in first), _placed(last, image)))

    return Maps(
        linear_map(steps["AT"], products, m), linear_map(steps["G"], r, products), linear_map(steps["BT"], n, products)
    )


def _placed(step: Pass, image: Shape) -> Pass:
    """The pass; one for whole tiles whose image is not stated gives that."""
    return step._replace(image=image) if step.axis is None and not step.image else step


def _texts(path: str, name: str, rows: object, K: Domain) -> list[list[str]]:
    return to_texts(from_numbers(read_table(path, name, rows), K))


def _with_recipe(algorithm: Algorithm, stated: object, path: str) -> Algorithm:
    """The algorithm with what is stated of how its axes were made, all of it checked."""
    if stated is None:
        return algorithm
    axes = len(algorithm.m)
    if not isinstance(stated, list) or len(stated) != axes or not all(isinstance(item, dict) for item in stated):
        raise BadDocument(path, "recipe is no list of an object for each axis", "correct it, or leave it out")
    if not any(item.get("moduli") or item.get("convention") or item.get("construction") for item in stated):
        return algorithm
    if not algorithm.separable:
        return replace(algorithm, recipe=read_tile_recipe(algorithm, stated, path))
    recipe = (read_recipe(axis, item, path) for axis, item in zip(algorithm.factors, stated, strict=True))
    return replace(algorithm, recipe=tuple(recipe))
