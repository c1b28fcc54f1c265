# SPDX-License-Identifier: Apache-2.0
"""Writing an algorithm in one of the formats: a sibling module each, with ``emit(algorithm, stream)``."""

from __future__ import annotations

import io
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from wincraft.errors import NotApplicable, look_up
from wincraft.files.writing import format_of, write_whole

if TYPE_CHECKING:
    from wincraft.algorithm.bilinear import Algorithm
    from wincraft.measure.integers import Integers

EMITTERS = {
    "text": "wincraft.emit.text",
    "json": "wincraft.files.document",
    "c": "wincraft.emit.c.header",
    "triton": "wincraft.emit.triton",
    "cuda": "wincraft.emit.cuda",
    "hip": "wincraft.emit.hip",
    "hls": "wincraft.emit.hls",
    "verilog": "wincraft.emit.verilog",
    "mlir": "wincraft.emit.mlir",
    "linalg": "wincraft.emit.linalg",
    "iree": "wincraft.emit.iree",
    "tvm": "wincraft.emit.tvm",
    "numpy": "wincraft.emit.numpy",
    "coq": "wincraft.emit.coq.certificate",
    "gappa": "wincraft.emit.gappa",
    "latex": "wincraft.emit.latex",
}
"""The registry: format name to the module whose ``emit(algorithm, stream)`` writes it."""

BINARY = {"npz": "wincraft.files.npz"}
"""The same of the formats that are no text: their ``emit`` writes bytes."""

WITH_INTEGERS = frozenset({"c", "coq", "hls", "verilog"})
"""The formats with integer functions: their ``emit`` also takes the ranges, as `integers`."""

WITH_CIRCUITS = frozenset({"c", "coq", "gappa", "numpy", "latex", "triton", "cuda", "hip", "hls", "verilog"})
"""The formats that print programs: their ``emit`` also takes them, as `circuits`."""

PROGRAMS = frozenset({"coq", "gappa", "triton", "cuda", "hip", "hls", "verilog"})
"""The formats that hold programs and no matrices: nothing reads them back."""

OF_AXES = frozenset({"mlir", "linalg", "iree", "tvm"})
"""The formats for compilers, which take one matrix per axis by its size: A^T is divided by the scale."""

SUFFIXES = {
    ".txt": "text",
    ".json": "json",
    ".h": "c",
    ".py": "numpy",
    ".tex": "latex",
    ".npz": "npz",
    ".mlir": "mlir",
    ".cu": "cuda",
    ".hip": "hip",
    ".hpp": "hls",
    ".cpp": "hls",
    ".v": "verilog",
    ".gappa": "gappa",
}
"""The format that a file name implies."""


def render(
    algorithm: Algorithm, format: str = "text", integers: Integers | None = None, circuit: str | None = None
) -> str:
    """The algorithm as text in one of `EMITTERS`; the same algorithm gives the same bytes.

    `integers` are what the integer functions of a C header are for, by default int8 and 32 bits; `circuit` is one of
    the `CHOICES` of programs in the formats that print them.

    Raises:
        UnknownName: a format or a circuit that is not in the registry.
        NotApplicable: what a format cannot write; what is no algorithm; integers where there are no functions of them,
            a circuit where no programs are printed.

    >>> from wincraft import winograd
    >>> render(winograd(2, 3, points="0,1,-1"), "latex").splitlines()[0]
    '% wincraft 0.1.0: wincraft generate "F(2,3)" --moduli "0,1,-1,inf" --convention wincnn --format latex'
    """
    look_up("format", format, EMITTERS)
    return encode(algorithm, format, integers, circuit).decode("utf-8")


def encode(
    algorithm: Algorithm, format: str = "text", integers: Integers | None = None, circuit: str | None = None
) -> bytes:
    """The algorithm as bytes in one of `EMITTERS` or `BINARY`, texts in UTF-8; else as `render`.

    Raises:
        UnknownName, NotApplicable: as `render`.

    >>> from wincraft import winograd
    >>> encode(winograd(2, 3), "npz")[:2]
    b'PK'
    """
    emitter = import_module(look_up("format", format, EMITTERS | BINARY))
    from wincraft.algorithm.nesting import check_algorithm

    check_algorithm(algorithm)
    if integers is not None and format not in WITH_INTEGERS:
        repair = f"choose {' or '.join(sorted(WITH_INTEGERS))}, or leave them out"
        raise NotApplicable(f"integers in {format}", "it has no integer functions", repair)
    if circuit is not None and format not in WITH_CIRCUITS:
        repair = f"choose one of {', '.join(sorted(WITH_CIRCUITS))}, or leave it out"
        raise NotApplicable(f"a circuit in {format}", "it prints no programs", repair)
    options: dict[str, object] = {} if integers is None else {"integers": integers}
    if format in WITH_CIRCUITS:
        from wincraft.construct.choices import DEFAULT_CIRCUIT
        from wincraft.construct.circuits import Circuits

        options["circuits"] = Circuits(algorithm, DEFAULT_CIRCUIT if circuit is None else circuit)
    stream = io.BytesIO()
    text = stream if format in BINARY else io.TextIOWrapper(stream, "utf-8", newline="", write_through=True)
    emitter.emit(algorithm, text, **options)
    return stream.getvalue()


def write(
    algorithm: Algorithm,
    path: str | Path,
    format: str | None = None,
    integers: Integers | None = None,
    circuit: str | None = None,
) -> None:
    """Write the algorithm to a file, whole or not at all, in the format that its suffix implies or in another.

    Without a suffix and a format it is text, as on the command line. Format, integers and circuit are as for `render`.
    The counterpart of `wincraft.read`.

    Raises:
        CannotWrite: where the path cannot be written.
        UnknownName: a format that is not in the registry; a suffix that implies none, where none is given.
        NotApplicable: as `encode`.

    >>> import tempfile, wincraft
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     wincraft.write(wincraft.winograd(2, 3), Path(folder, "f.json"))
    ...     wincraft.read(Path(folder, "f.json")) == wincraft.winograd(2, 3)
    True
    """
    name = format or format_of(path, SUFFIXES, "any other with format=") or "text"
    write_whole(path, encode(algorithm, name, integers, circuit))
