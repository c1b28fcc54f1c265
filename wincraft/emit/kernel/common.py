# SPDX-License-Identifier: Apache-2.0
"""What the kinds of kernels share: which algorithms and lanes they take, what names and opens their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from wincraft.algorithm.bilinear import Algorithm
from wincraft.emit.kernel.elements import ElementType
from wincraft.emit.kernel.templates import filled
from wincraft.errors import BadValue, WrongForm
from wincraft.files.provenance import banner, circuit_words, identifier

LANES = (4, 8, 16)
"""Numbers of 32 bits in a vector, of SSE2 and NEON, AVX2, AVX-512."""


def check_kernel(what: str, algorithm: Algorithm, lanes: int | None) -> None:
    """Check what every kind of kernel asks for.

    Raises:
        BadValue: for other lanes than `LANES`, where they are given.
        WrongForm: in linear convolution form.
        NotApplicable: over GF(p).
    """
    if lanes is not None and lanes not in LANES:
        raise BadValue("lanes", str(lanes), f"give one of {', '.join(map(str, LANES))}, or leave them out")
    if algorithm.form != "correlation":
        raise WrongForm(f"a {what}")
    algorithm.field.need_order(f"a {what} of {algorithm.size}")


def opening_of(kernel: str, element: ElementType, lanes: int | None) -> list[str]:
    """The first lines of both files: the command that makes them, and the algorithm's hash."""
    options = f" --kernel {kernel} --type {element.name}" + (f" --lanes {lanes}" if lanes else "")
    return banner(element.given, "c", options + circuit_words(element.choice))


def template_words(kernel: str, element: ElementType, lanes: int | None) -> dict[str, object]:
    """What fills in the templates of a kind: names, the content that guards them, and what the numbers bring."""
    middle = "" if kernel == "conv2d" else f"{kernel}_"
    prefix = f"{identifier(element.given)}_{middle}{element.name}"
    digest = sha256(f"{element.given.sha256} {element.name} {lanes} {element.choice}".encode()).hexdigest()
    names = {"prefix": prefix, "PREFIX": prefix.upper(), "guard": f"{prefix.upper()}_H", "content": f"0x{digest[:8]}u"}
    return {**names, **element.words()}


def lanes_text(element: ElementType, lanes: int | None, words: Mapping[str, object]) -> str:
    """The lane type and its primitives, behind the preprocessor's choice of the lanes.

    As many as the instruction set has, or those that are given.
    """
    eight, sixteen = element.least_isa
    wide = "__FLT_EVAL_METHOD__ == 1 || __FLT_EVAL_METHOD__ == 2"
    plain = f"#if !defined(__GNUC__) || defined({words['PREFIX']}_PLAIN) || {wide}\n#define LANES 1\n"
    if lanes is None:
        wider = f"#elif defined({sixteen})\n#define LANES 16\n#elif defined({eight})\n#define LANES 8\n"
        chosen = f"{plain}{wider}#else\n#define LANES 4\n#endif"
    else:
        needed = {8: (eight, "-mavx2 -mfma"), 16: (sixteen, "-march=x86-64-v4")}.get(lanes)
        refused = ""
        if needed:
            macro, option = needed
            repair = f"compile with {option}, generate with --lanes 4, or define {words['PREFIX']}_PLAIN"
            refused = f'#elif !defined({macro})\n#error "{lanes} lanes are wider than the vectors here: {repair}"\n'
        chosen = f"{plain}{refused}#else\n#define LANES {lanes}\n#endif"
    return filled(f"lanes_{element.family}.c", clamp=filled("clamp.c"), choose_lanes=chosen, **words)


def main_program(template: str, test: str, words: Mapping[str, object]) -> str:
    """The program in a C file that tests and times what it holds."""
    pieces = {name: filled(f"{name}.c") for name in ("random", "memory", "command")}
    return filled(template, **pieces, test=test, **words)


def named_files(words: Mapping[str, object], header: Sequence[str], source: Sequence[str]) -> dict[str, str]:
    """The header and the C file by name, from their parts."""
    return {
        f"{words['prefix']}.{suffix}": "\n\n".join(parts) + "\n" for suffix, parts in (("h", header), ("c", source))
    }
