# SPDX-License-Identifier: Apache-2.0
"""``--kernel conv2d``: a header and a C file that compute convolution layers by an algorithm."""

from __future__ import annotations

from hashlib import sha256

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.circuits import DEFAULT_CIRCUIT
from wincraft.emit.c.passes import read_passes
from wincraft.emit.c.text import comment, fill
from wincraft.emit.kernel.elements import ElementType
from wincraft.emit.kernel.floats import FloatElements
from wincraft.emit.kernel.integers import IntegerElements
from wincraft.emit.kernel.micro import KERNEL_ROWS, micro_kernels
from wincraft.emit.kernel.templates import filled
from wincraft.errors import BadValue, NotApplicable, WrongForm, look_up
from wincraft.files.provenance import banner, circuit_words, identifier

ELEMENT_TYPES: dict[str, type[ElementType]] = {
    "float32": FloatElements,
    "float16": FloatElements,
    "bfloat16": FloatElements,
    "int8": IntegerElements,
    "uint8": IntegerElements,
}
"""The registry: the type of data and outputs to how it is computed with."""

LANES = (4, 8, 16)
"""Numbers of 32 bits in a vector, of SSE2 and NEON, AVX2, AVX-512."""

U_BYTES = 450_000
"""About how much of U a unit of work holds: it stays in a cache of the second level."""

CHUNK = 512
"""Most channels that are summed before M is stored."""

FEWEST = 8
"""Channels of a group from which on the algorithm pays; with fewer the convolution is direct."""

_USE = (
    "Use: check the layer, ask for filter_size and work_size, reserve both aligned to 64 bytes, prepare once, run.",
    "Nothing is allocated and nothing is global. Any thread may do its part: run(..., thread, threads).",
)

_ORDER = (
    "For every block of tiles: B^T d to U[tap][tile][channel]; then for every panel of output channels the products",
    "with V[panel][tap][channel][column] to M[tap][tile][column], and A^T M to the image. Lanes are channels.",
)


def conv2d_files(
    algorithm: Algorithm, type: str = "float32", lanes: int | None = None, circuit: str = DEFAULT_CIRCUIT
) -> dict[str, str]:
    """The two files of convolution layers of an element type, by name: C99 that is also C++17, without dependencies.

    Layers have any batch, size, padding, strides of memory, groups, bias and clamp; what the algorithm is not made for,
    another filter or a stride, the direct convolution of the same micro-kernels computes. Integers are exact. `lanes`
    are chosen by the compiler's instruction set unless given. An algorithm of one axis runs along rows.

    Raises:
        UnknownName: for a type that is not in `ELEMENT_TYPES`.
        BadValue: for other lanes than `LANES`.
        WrongForm: in linear convolution form.
        NotApplicable: of more than two axes or of whole tiles, over GF(p), and where integers do not fit.

    >>> from wincraft import parse
    >>> sorted(conv2d_files(parse("F(4x4,3x3)")))
    ['wincraft_f4x4_3x3_float32.c', 'wincraft_f4x4_3x3_float32.h']
    """
    make = look_up("type", type, ELEMENT_TYPES)
    checked_lanes(lanes)
    _check(algorithm)
    element = make(type, algorithm, circuit)
    element.check()
    prefix, family = f"{identifier(algorithm)}_{type}", element.family
    content = f"0x{sha256(f'{algorithm.sha256} {type} {lanes} {circuit}'.encode()).hexdigest()[:8]}u"
    options = f" --kernel conv2d --type {type}" + (f" --lanes {lanes}" if lanes else "") + circuit_words(circuit)
    first = banner(algorithm, "c", options)
    words = {"prefix": prefix, "PREFIX": prefix.upper(), "fewest": FEWEST, "content": content, **element.words()}
    description = [*read_passes(element.algorithm).description, "", *element.notes(), "", *_USE]
    header = [
        comment(*first, "", *description),
        filled(
            "header.h", guard=f"{prefix.upper()}_H", declarations=filled(f"declarations_{family}.h", **words), **words
        ),
    ]
    source = [
        comment(*first, "", *_ORDER),
        filled("opening.c", **words),
        f"#define CONTENT {content}\n\n{_sizes(element)}",
        filled("words.c"),
        filled(
            f"lanes_{family}.c",
            clamp=filled("clamp.c"),
            choose_lanes=choice_of_lanes(element, lanes, prefix.upper()),
            **words,
        ),
        micro_kernels(element.broadcast, element.step),
        *element.transforms(),
        filled(f"filters_{family}.c"),
        filled(f"finish_{family}.c", **words),
        filled("driver.c", **words),
        filled("api.c", **words),
        filled(f"prepare_{family}.c", **words),
        filled(f"run_{family}.c", **words),
        filled("openmp.c", run=filled(f"openmp_{family}.c", **words)),
        filled("main.c", memory=filled("memory.c"), test=filled(f"test_{family}.c", **words), **words),
    ]
    parts = {"h": header, "c": source}
    return {f"{prefix}.{suffix}": "\n\n".join(texts) + "\n" for suffix, texts in parts.items()}


def checked_lanes(lanes: int | None) -> None:
    """Check the lanes of a kernel.

    Raises:
        BadValue: for others than `LANES`, where they are given.
    """
    if lanes is not None and lanes not in LANES:
        raise BadValue("lanes", str(lanes), f"give one of {', '.join(map(str, LANES))}, or leave them out")


def _check(algorithm: Algorithm) -> None:
    if algorithm.form != "correlation":
        raise WrongForm("a conv2d kernel")
    what = f"a conv2d kernel of {algorithm.size}"
    algorithm.field.need_order(what)
    if len(algorithm.m) > 2:
        raise NotApplicable(what, f"it has {len(algorithm.m)} axes", "give an algorithm of one or two")
    if not algorithm.separable:
        raise NotApplicable(what, "its maps are of whole tiles", "give an algorithm nested along axes")


def _sizes(element: ElementType) -> str:
    """The constants of the file."""
    algorithm, sizes = element.algorithm, dict[str, int]()
    for letter, lengths in (("M", algorithm.m), ("R", algorithm.r), ("N", algorithm.n)):
        sizes |= {f"{letter}{axis}": length for axis, length in enumerate((1, *lengths)[-2:])}
    sizes |= {"TAPS": algorithm.rank, "ROWS": KERNEL_ROWS, "U_BYTES": U_BYTES, "CHUNK": CHUNK, "FEWEST": FEWEST}
    sizes |= {"SUM_BYTES": element.sum_bytes, **element.sizes()}
    return fill("enum { ", [f"{name} = {value}," for name, value in sizes.items()])[:-1] + " };"


def choice_of_lanes(element: ElementType, lanes: int | None, prefix: str) -> str:
    """The preprocessor's choice of the lanes: as many as the instruction set has, or those that are given."""
    eight, sixteen = element.least_isa
    wide = "__FLT_EVAL_METHOD__ == 1 || __FLT_EVAL_METHOD__ == 2"
    plain = f"#if !defined(__GNUC__) || defined({prefix}_PLAIN) || {wide}\n#define LANES 1\n"
    if lanes is None:
        wider = f"#elif defined({sixteen})\n#define LANES 16\n#elif defined({eight})\n#define LANES 8\n"
        return f"{plain}{wider}#else\n#define LANES 4\n#endif"
    needed = {8: (eight, "-mavx2 -mfma"), 16: (sixteen, "-march=x86-64-v4")}.get(lanes)
    refused = ""
    if needed:
        macro, option = needed
        repair = f"compile with {option}, generate with --lanes 4, or define {prefix}_PLAIN"
        refused = f'#elif !defined({macro})\n#error "{lanes} lanes are wider than the vectors here: {repair}"\n'
    return f"{plain}{refused}#else\n#define LANES {lanes}\n#endif"
