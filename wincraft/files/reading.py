# SPDX-License-Identifier: Apache-2.0
"""Any file that holds algorithms: each identified and proved, or refuted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from pathlib import Path

from sympy import divisors

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import nest, parts
from wincraft.algorithm.refutation import Refuted
from wincraft.construct.identify import Identification, identify
from wincraft.construct.size import MAX_AXES, parse_size
from wincraft.errors import BadDocument, BadSize, WincraftError
from wincraft.files.document import parse_document
from wincraft.files.matrices import Found, Matrices, read_matrices
from wincraft.files.statements import check_statements


@dataclass(frozen=True)
class Verdict:
    """What became of three matrices of a file: the identification, or the error that refutes them.

    >>> Verdict(Matrices([[1]], [[1]], [[1]]), identify([[1]], [[1]], [[1]])).found.algorithm.size
    'F(1,1)'
    """

    matrices: Matrices
    found: Identification | None
    error: WincraftError | None = None


def read(path: str | Path, tolerance: Fraction | float | None = None) -> Algorithm:
    """The algorithm in a file, proved: a document of wincraft, or matrices in any spelling that is known.

    Decimals and floats are taken for the exact algorithm whose rounding they are, or for one within `tolerance` of
    them, relative to the largest entry of a row. Of a file with several algorithms one is chosen as ``file.h#NAME``, by
    its size, by a part of the name of its G, or by its number from 1; of several scalings of one the first is read.

    Raises:
        BadDocument: what holds no three matrices, or several algorithms, or states what its matrices contradict.
        Refuted: matrices that do not compute the convolution.
        Unidentified: decimals with no exact algorithm near.

    >>> import tempfile, wincraft
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "f.h")
    ...     _ = path.write_text(wincraft.render(wincraft.winograd(2, 3), "c"))
    ...     wincraft.read(path).G == wincraft.winograd(2, 3).G
    True
    """
    found = found_in(path)
    return algorithm_of(found, judge(found, tolerance) if found.matrices else ())


def algorithm_of(found: Found, verdicts: Sequence[Verdict]) -> Algorithm:
    """The one algorithm of a file whose matrices have been judged; of several scalings of one the first.

    Raises:
        BadDocument: where there are several.
        WincraftError: what refutes the only one, or an axis.

    >>> found = Found("f.py", (Matrices([[1, 0]], [[1], [0]], [[1], [1]]),))
    >>> algorithm_of(found, judge(found))
    F(1,1), rank 2, scale 1, proved
    """
    if found.document and not found.matrices:
        return parse_document(found.document, found.path)
    if found.axes:
        return _nested(found, verdicts)
    proved = [verdict.found.algorithm for verdict in verdicts if verdict.found]
    if not proved:
        _proved(verdicts[0])
    if len({(algorithm.size, algorithm.form, algorithm.moduli) for algorithm in proved}) > 1:
        raise BadDocument(found.path, f"it holds {_listing(verdicts)}", f"choose one, as {found.path}#1")
    return proved[0]


def _proved(verdict: Verdict) -> Algorithm:
    if verdict.found is None:
        assert verdict.error is not None
        raise verdict.error
    return verdict.found.algorithm


def found_in(*paths: str | Path, given: bytes | None = None) -> Found:
    """What `read_matrices` finds, in `given` where that is the content; of ``file#NAME`` the matrices of NAME.

    Raises:
        BadDocument: as `read_matrices`, and where NAME chooses nothing.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "f.py")
    ...     _ = path.write_text("AT_1 = [[1]]; G_1 = [[1]]; BT_1 = [[1]]; AT_2 = [[2]]; G_2 = [[1]]; BT_2 = [[1]]")
    ...     [matrices.AT for matrices in found_in(f"{path}#2").matrices]
    [[[2]]]
    """
    text = str(paths[0]) if len(paths) == 1 else ""
    name, sign, choice = text.rpartition("#")
    try:
        whole = not sign or not name or Path(text).exists()
    except (OSError, ValueError):
        whole = True
    if whole:
        return read_matrices(*paths, given=given)
    found = read_matrices(name)
    chosen = _chosen(found.matrices, choice.strip())
    if not chosen:
        known = ", ".join(dict.fromkeys(matrices.label for matrices in found.matrices))
        raise BadDocument(name, f"nothing in it is called {choice!r}", f"there are {known or 'no bare matrices'}")
    return Found(found.path, chosen, (), found.document)


def _chosen(matrices: Sequence[Matrices], choice: str) -> tuple[Matrices, ...]:
    if choice.isdecimal() and len(choice) < 4:
        return tuple(matrices[int(choice) - 1 : int(choice)]) if int(choice) else ()
    try:
        ((m, r),) = parse_size(choice)
    except (BadSize, ValueError):
        return tuple(item for item in matrices if choice.lower() in item.label.lower())
    return tuple(item for item in matrices if item.size == (m, r))


def judge(found: Found, tolerance: Fraction | float | None = None) -> list[Verdict]:
    """Every three matrices identified or refuted, in the order of the file; what proves to be the same told once.

    Raises:
        BadDocument: a JSON object that states what its matrices contradict, or two of a matrix that differ.

    >>> right = Matrices([[1]], [[1]], [[1]], label="G")
    >>> [str(verdict.found or verdict.error)[:6] for verdict in judge(Found("f.py", (right, right)))]
    ['F(1,1)']
    """
    if found.document and not found.matrices:
        algorithm = parse_document(found.document, found.path)
        return [_of_axis(part, f"axis {k}") for k, part in enumerate(parts(algorithm))]
    verdicts: list[Verdict] = []
    seen: set[Algorithm] = set()
    for matrices in found.matrices:
        verdict = _judged(matrices, tolerance)
        if verdict.found:
            if found.document and len(found.matrices) == 1:
                check_statements(found.document, found.path, verdict.found.algorithm)
            if verdict.found.algorithm in seen:
                continue
            if matrices.contradicts:
                raise BadDocument(found.path, f"it gives two that differ: {matrices.contradicts}", "remove one")
            seen.add(verdict.found.algorithm)
        verdicts.append(verdict)
    return verdicts


def _of_axis(axis: Algorithm, label: str) -> Verdict:
    """An axis of a document identified; of whole tiles, and over GF(p), what the document says of itself."""
    tables = axis.AT.tolist(), axis.G.tolist(), axis.BT.tolist()
    if len(axis.m) == 1 and axis.field.ordered:
        found = identify(*tables, form=axis.form)
    else:
        found = Identification(axis, conventions=tuple(filter(None, [axis.recipe[0].convention])))
    return Verdict(Matrices(*tables, form=axis.form, label=label), found)


def _judged(matrices: Matrices, tolerance: Fraction | float | None) -> Verdict:
    """The first reading of the matrices that proves; where none does, what refutes the first."""
    first: WincraftError | None = None
    for reading in matrices.readings():
        try:
            found = _of_whole_tiles(reading) or identify(
                *reading.tables, tolerance=tolerance, form=reading.form, names=reading.names
            )
        except WincraftError as error:
            first = first or error
        else:
            return Verdict(reading, found)
    return Verdict(matrices, None, first)


def _of_whole_tiles(matrices: Matrices) -> Identification | None:
    """What exact matrices for whole tiles of several axes are, by the first sizes with which they prove.

    Raises:
        Refuted: where they have the shapes of such, and no sizes prove.
    """
    AT, G, BT = matrices.tables
    outputs, taps, data = len(AT), len(G[0]), len(BT[0])
    refuted: Refuted | None = None
    for axes in _sizes(outputs, taps, data) if data != outputs + taps - 1 else ():
        m, r = zip(*axes, strict=True)
        try:
            return Identification(Algorithm.from_matrices(AT, G, BT, m=m, r=r, form=matrices.form or "correlation"))
        except Refuted as error:
            refuted = refuted or error
        except WincraftError:
            return None
    if refuted is not None:
        raise refuted
    return None


def _sizes(outputs: int, taps: int, data: int, axes: int = MAX_AXES) -> Iterator[tuple[tuple[int, int], ...]]:
    """The (m, r) of two or more axes whose outputs, taps and data multiply to these, the most alike axes first."""

    def factored(m: int, r: int, n: int, left: int) -> Iterator[tuple[tuple[int, int], ...]]:
        if left == 1:
            if n == m + r - 1:
                yield ((m, r),)
            return
        for one, other in product(divisors(m), divisors(r)):
            if n % (one + other - 1) == 0:
                for rest in factored(m // one, r // other, n // (one + other - 1), left - 1):
                    yield (one, other), *rest

    found = {sizes for count in range(2, axes + 1) for sizes in factored(outputs, taps, data, count)}
    return iter(sorted(found, key=lambda sizes: (len(set(sizes)), len(sizes), sizes)))


def _nested(found: Found, verdicts: Sequence[Verdict]) -> Algorithm:
    """The N-D algorithm of a file that wincraft wrote, from those of its axes, equal axes written once."""
    first = _stem(verdicts[0].matrices.label)  # a header has the tables of several arithmetics
    proved = [_proved(verdict) for verdict in verdicts if _stem(verdict.matrices.label) == first]
    if [axis.sizes[0] for axis in proved] == list(found.axes):
        return nest(*proved)
    by_size = {axis.sizes[0]: axis for axis in proved}
    if len(by_size) < len(proved):
        raise BadDocument(found.path, "axes of one size differ, and which is which it does not say", "give its JSON")
    missing = [f"F({m},{r})" for m, r in found.axes if (m, r) not in by_size]
    if missing:
        raise BadDocument(found.path, f"its axis {missing[0]} is missing", "write the file again")
    return nest(*(by_size[size] for size in found.axes))


def _stem(label: str) -> str:
    """The name of a matrix without what tells axes apart: their numbers or sizes."""
    return re.sub(r"(?:_axis\d+|_\d+x\d+|_\d+)+$", "", label)


def _listing(verdicts: Sequence[Verdict]) -> str:
    names = [
        f"{verdict.found.algorithm.size} ({verdict.matrices.label})" if verdict.found else verdict.matrices.label
        for verdict in verdicts
    ]
    return f"{len(names)} algorithms: {', '.join(names)}"
