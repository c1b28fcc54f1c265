# SPDX-License-Identifier: Apache-2.0
"""``--kernel conv2d``: a header and a C file that compute convolution layers by an algorithm."""

from __future__ import annotations

from hashlib import sha256

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.circuits import DEFAULT_CIRCUIT
from wincraft.emit.c.passes import read_passes
from wincraft.emit.c.text import comment
from wincraft.emit.kernel.elements import ElementType
from wincraft.emit.kernel.floats import FloatElements
from wincraft.emit.kernel.integers import IntegerElements
from wincraft.emit.kernel.micro import ROWS, micro_kernels
from wincraft.emit.kernel.templates import filled
from wincraft.errors import look_up
from wincraft.files.provenance import banner, circuit_words, identifier

U_BYTES = 450_000
"""About how much of U a unit of work holds: as much as second-level caches do."""

CHUNK = 512
"""Channels that are summed in registers."""

FEWEST = 8
"""Channels of a group below which the direct convolution is taken."""

ELEMENT_TYPES: dict[str, type[ElementType]] = {
    "float32": FloatElements,
    "float16": FloatElements,
    "bfloat16": FloatElements,
    "int8": IntegerElements,
    "uint8": IntegerElements,
}

LANES = (4, 8, 16)

_USE = (
    "Use: check the layer, ask for filter_size and work_size, reserve both aligned to 64 bytes, prepare once, run as often",
    "as wanted. Nothing is allocated and nothing is global. Any thread may run its part: run(..., thread, threads).",
)

_ORDER = (
    "For every block of tiles: B^T d to U[tap][tile][channel]; then for every panel of output channels the products with",
    "V[panel][tap][channel][column] to M[tap][tile][column], and A^T M to the image. Lanes are channels everywhere.",
)


def conv2d_files(
    algorithm: Algorithm, type: str = "float32", lanes: int | None = None, circuit: str = DEFAULT_CIRCUIT
) -> dict[str, str]:
    """The two files of a convolution layer, by name."""
    element = look_up("type", type, ELEMENT_TYPES)(type, algorithm, circuit)
    prefix = f"{identifier(algorithm)}_{type}"
    content = f"0x{sha256(f'{algorithm.sha256} {type} {lanes} {circuit}'.encode()).hexdigest()[:8]}u"
    options = f" --kernel conv2d --type {type}" + (f" --lanes {lanes}" if lanes else "") + circuit_words(circuit)
    words = {"prefix": prefix, "PREFIX": prefix.upper(), "fewest": FEWEST, **element.words()}
    first, family = banner(algorithm, "c", options), element.family
    header = filled(
        "header.h",
        opening=comment(*first, "", *read_passes(element.algorithm).description, "", *element.notes(), "", *_USE),
        guard=f"{prefix.upper()}_H",
        content=content,
        declarations=filled(f"declarations_{family}.h", **words),
    )
    parts = [
        comment(*first, "", *_ORDER),
        filled("opening.c", **words),
        f"#define CONTENT {content}",
        _sizes(element),
        filled("words.c"),
        filled(f"lanes_{family}.c", choose_lanes=_lanes(element, lanes, prefix.upper()), **words),
        micro_kernels(element.broadcast, element.step),
        *element.transforms(),
        filled(f"filters_{family}.c"),
        filled(f"finish_{family}.c", **words),
        filled("driver.c", **words),
        filled("api.c", **words),
        filled(f"prepare_{family}.c", **words),
        filled(f"run_{family}.c", **words),
        "#ifdef _OPENMP\n#include <omp.h>\n",
        filled(f"openmp_{family}.c", **words),
        "#endif",
        filled("main.c", test=filled(f"test_{family}.c", **words), **words),
    ]
    return {f"{prefix}.h": header + "\n", f"{prefix}.c": "\n\n".join(parts) + "\n"}


def _sizes(element: ElementType) -> str:
    algorithm = element.algorithm
    sizes = dict[str, int]()
    for letter, lengths in (("M", algorithm.m), ("R", algorithm.r), ("N", algorithm.n)):
        sizes |= {f"{letter}{axis}": length for axis, length in enumerate((1, *lengths)[-2:])}
    sizes |= {"TAPS": algorithm.rank, "ROWS": ROWS, "U_BYTES": U_BYTES, "CHUNK": CHUNK, "FEWEST": FEWEST}
    sizes |= {"SUM_BYTES": element.sum_bytes, **element.sizes()}
    return "enum { " + ", ".join(f"{name} = {value}" for name, value in sizes.items()) + " };"


def _lanes(element: ElementType, lanes: int | None, prefix: str) -> str:
    """The preprocessor's choice of the lanes: as many as the instructions have, or those that are given."""
    eight, sixteen = element.least_isa
    plain = f"#if !defined(__GNUC__) || defined({prefix}_PLAIN)\n#define LANES 1\n"
    if lanes is None:
        widest = f"#elif defined({sixteen})\n#define LANES 16\n#elif defined({eight})\n#define LANES 8\n"
        return f"{plain}{widest}#else\n#define LANES 4\n#endif"
    needed = {4: "", 8: eight, 16: sixteen}[lanes]
    hint = {8: "-mavx2 -mfma", 16: "-march=x86-64-v4"}.get(lanes, "")
    refused = f'#elif !defined({needed})\n#error "{lanes} lanes: compile with {hint}, or generate with --lanes 4"\n'
    return f"{plain}{refused if needed else ''}#else\n#define LANES {lanes}\n#endif"
