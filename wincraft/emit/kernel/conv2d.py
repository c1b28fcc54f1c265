# SPDX-License-Identifier: Apache-2.0
"""``--kernel conv2d``: a header and a C file that compute convolution layers by an algorithm."""

from __future__ import annotations

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.choices import DEFAULT_CIRCUIT
from wincraft.emit.c.passes import read_passes
from wincraft.emit.c.text import comment, fill
from wincraft.emit.kernel.common import check_kernel, lanes_text, main_program, named_files, opening_of, template_words
from wincraft.emit.kernel.elements import ElementType
from wincraft.emit.kernel.floats import FloatElements
from wincraft.emit.kernel.integers import IntegerElements
from wincraft.emit.kernel.micro import KERNEL_ROWS, micro_kernels
from wincraft.emit.kernel.templates import filled
from wincraft.errors import NotApplicable, look_up

ELEMENT_TYPES: dict[str, type[ElementType]] = {
    "float32": FloatElements,
    "float16": FloatElements,
    "bfloat16": FloatElements,
    "int8": IntegerElements,
    "uint8": IntegerElements,
}
"""The registry: the type of data and outputs to how it is computed with."""

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
    check_kernel("conv2d kernel", algorithm, lanes)
    _check_axes(algorithm)
    element = make(type, algorithm, circuit)
    element.check()
    first, family = opening_of("conv2d", element, lanes), element.family
    words = {"fewest": FEWEST, **template_words("conv2d", element, lanes)}
    header = [
        comment(*first, "", *read_passes(element.algorithm).description, "", *element.notes(), "", *_USE),
        filled("header.h", declarations=filled(f"declarations_{family}.h", **words), **words),
    ]
    source = [
        comment(*first, "", *_ORDER),
        filled("opening.c", **words),
        f"#define CONTENT {words['content']}\n\n{_sizes(element)}",
        filled("words.c"),
        lanes_text(element, lanes, words),
        micro_kernels(element.broadcast, element.step),
        *element.transforms(),
        filled(f"filters_{family}.c"),
        filled("copy_part.c"),
        filled(f"finish_{family}.c", **words),
        filled("driver.c", sizes=filled("sizes.c"), **words),
        filled("api.c", **words),
        filled(f"prepare_{family}.c", **words),
        filled(f"run_{family}.c", **words),
        filled("openmp.c", run=filled(f"openmp_{family}.c", **words)),
        main_program("main.c", filled(f"test_{family}.c", **words), words),
    ]
    return named_files(words, header, source)


def _check_axes(algorithm: Algorithm) -> None:
    what = f"a conv2d kernel of {algorithm.size}"
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
