# SPDX-License-Identifier: Apache-2.0
"""``--kernel depthwise``: a filter for each channel along time, causal convolutions of sequence models among them."""

from __future__ import annotations

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.choices import DEFAULT_CIRCUIT
from wincraft.emit.c.passes import read_passes
from wincraft.emit.c.text import comment
from wincraft.emit.kernel.common import check_kernel, lanes_text, named_files, opening_of, template_words
from wincraft.emit.kernel.floats import STORED_TYPES, FloatElements
from wincraft.emit.kernel.templates import filled
from wincraft.errors import NotApplicable, look_up

_NOTE = (
    "Where products are as cheap as sums the direct convolution, WINCRAFT_DEPTHWISE_DIRECT, takes fewer instructions,",
    "and both wait for memory. Measure with bench; the algorithm pays where products are dear.",
)


def depthwise_files(
    algorithm: Algorithm, type: str = "float32", lanes: int | None = None, circuit: str = DEFAULT_CIRCUIT
) -> dict[str, str]:
    """The two files of depthwise convolutions along one axis, by name, with the direct convolution beside.

    Raises:
        UnknownName: for a type that is no floating-point one.
        BadValue: for other lanes than `LANES`.
        WrongForm: in linear convolution form.
        NotApplicable: of several axes, over GF(p).

    >>> from wincraft import winograd
    >>> sorted(depthwise_files(winograd(2, 4)))
    ['wincraft_f2_4_depthwise_float32.c', 'wincraft_f2_4_depthwise_float32.h']
    """
    look_up("type of a depthwise kernel", type, STORED_TYPES)
    check_kernel("depthwise kernel", algorithm, lanes)
    if len(algorithm.m) > 1:
        what = f"a depthwise kernel of {algorithm.size}"
        raise NotApplicable(what, f"it has {len(algorithm.m)} axes", "give an algorithm of one, F(2,4) say")
    element = FloatElements(type, algorithm, circuit)
    element.check()
    first, words = opening_of("depthwise", element, lanes), template_words("depthwise", element, lanes)
    sizes = {"M1": algorithm.m[0], "R1": algorithm.r[0], "N1": algorithm.n[0], "TAPS": algorithm.rank}
    header = [
        comment(*first, "", *read_passes(algorithm).description, "", *_NOTE),
        filled("depthwise.h", **words),
    ]
    source = [
        comment(*first),
        filled("opening.c", **words),
        "enum { " + ", ".join(f"{name} = {value}" for name, value in sizes.items()) + " };",
        lanes_text(element, lanes, words),
        *element.transforms(),
        filled("depthwise.c", memory=filled("memory.c"), **words),
    ]
    return named_files(words, header, source)
