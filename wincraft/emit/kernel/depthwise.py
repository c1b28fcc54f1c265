# SPDX-License-Identifier: Apache-2.0
"""``--kernel depthwise``: a filter for each channel along time, causal convolutions of sequence models among them."""

from __future__ import annotations

from hashlib import sha256

from wincraft.algorithm.bilinear import Algorithm
from wincraft.construct.circuits import DEFAULT_CIRCUIT
from wincraft.emit.c.passes import read_passes
from wincraft.emit.c.text import comment
from wincraft.emit.kernel.conv2d import checked_lanes, choice_of_lanes
from wincraft.emit.kernel.floats import STORED_TYPES, FloatElements
from wincraft.emit.kernel.templates import filled
from wincraft.errors import NotApplicable, WrongForm, look_up
from wincraft.files.provenance import banner, circuit_words, identifier

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
    checked_lanes(lanes)
    if algorithm.form != "correlation":
        raise WrongForm("a depthwise kernel")
    what = f"a depthwise kernel of {algorithm.size}"
    algorithm.field.need_order(what)
    if len(algorithm.m) > 1:
        raise NotApplicable(what, f"it has {len(algorithm.m)} axes", "give an algorithm of one, F(2,4) say")
    element = FloatElements(type, algorithm, circuit)
    element.check()
    prefix = f"{identifier(algorithm)}_depthwise_{type}"
    content = f"0x{sha256(f'{algorithm.sha256} {type} {lanes} {circuit}'.encode()).hexdigest()[:8]}u"
    options = f" --kernel depthwise --type {type}" + (f" --lanes {lanes}" if lanes else "") + circuit_words(circuit)
    first = banner(algorithm, "c", options)
    words = {"prefix": prefix, "PREFIX": prefix.upper(), "content": content, **element.words()}
    sizes = {"M1": algorithm.m[0], "R1": algorithm.r[0], "N1": algorithm.n[0], "TAPS": algorithm.rank}
    header = [
        comment(*first, "", *read_passes(algorithm).description, "", *_NOTE),
        filled("depthwise.h", guard=f"{prefix.upper()}_H", **words),
    ]
    source = [
        comment(*first),
        filled("opening.c", **words),
        "enum { " + ", ".join(f"{name} = {value}" for name, value in sizes.items()) + " };",
        filled(
            "lanes_float.c",
            clamp=filled("clamp.c"),
            choose_lanes=choice_of_lanes(element, lanes, prefix.upper()),
            **words,
        ),
        *element.transforms(),
        filled("depthwise.c", memory=filled("memory.c"), **words),
    ]
    parts = {"h": header, "c": source}
    return {f"{prefix}.{suffix}": "\n\n".join(texts) + "\n" for suffix, texts in parts.items()}
