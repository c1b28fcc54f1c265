# SPDX-License-Identifier: Apache-2.0
"""Long products over Z/2^k in C: polynomials (Toom-Cook) or a Toeplitz matrix by a vector (TMVP), in blocks.

The operands are cut into blocks of equal length, and the algorithm runs on blocks: its products are products of blocks,
by the schoolbook method. All sums wrap around in words of k bits; the scale is undone by an inverse and a shift.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from wincraft.circuit.program import Program
from wincraft.circuit.recording import of_matrix
from wincraft.construct.circuits import Circuits
from wincraft.emit.c.text import comment, fill
from wincraft.emit.expressions import assignments
from wincraft.errors import BadValue, NotApplicable
from wincraft.exact.types import Element, Matrix
from wincraft.files.provenance import identifier
from wincraft.rings.loss import RingLoss, power_text
from wincraft.version import __version__

RING_WORDS = (8, 16, 32, 64)
"""Bits of the words that there are functions for."""
MAX_LENGTH = 4096
"""Most terms of an operand: blocks stand on the stack."""


def ring_header(loss: RingLoss, length: int, command: str = "") -> str:
    """A C header with one function: the product of a filter of so many terms, in words of the ring's k bits.

    Of the linear form it is ``_multiply``, polynomials g and h to s = g h; of the correlation form ``_tmvp``, data d of
    a Toeplitz matrix and a vector g to y[i] = sum_j d[i + j] g[j]. Results are modulo `loss.exact`. `command` is the
    command line that writes the same.

    Raises:
        NotApplicable: for several axes, another ring than Z/2^8, 2^16, 2^32, 2^64, and where all bits are lost.
        BadValue: for a length that is no multiple of the taps.

    >>> from wincraft import winograd
    >>> from wincraft.rings import ring_loss
    >>> text = ring_header(ring_loss(winograd(4, 4, points="0,1,-1,2,-2,3,inf"), "Z/2^16"), 256)
    >>> [line for line in text.splitlines() if line.startswith("static inline void")]
    ['static inline void wincraft_f4_4_tmvp_256_u16(const uint16_t *d, const uint16_t *g, uint16_t *y)']
    """
    algorithm = loss.algorithm
    if len(algorithm.m) > 1:
        raise NotApplicable(f"C over rings of {algorithm.size}", "it has several axes", "take one axis")
    bits = loss.modulus.bit_length() - 1
    if loss.modulus != 2**bits or bits not in RING_WORDS:
        repair = f"take Z/2^{', 2^'.join(map(str, RING_WORDS))}"
        raise NotApplicable(f"C over {loss.ring.name}", "no word of C wraps around there", repair)
    if loss.exact == 1:
        raise NotApplicable(
            f"C over {loss.ring.name}", f"all {bits} bits are lost", "take longer words or other points"
        )
    r = algorithm.r[0]
    if not r <= length <= MAX_LENGTH or length % r:
        raise BadValue("the length", str(length), f"give a multiple of the {r} taps up to {MAX_LENGTH}")
    return _Writer(loss, length // r, bits).header(command or f"from a {algorithm.size} given")


class _Writer:
    """The parts of a header. k: the length of a block."""

    def __init__(self, loss: RingLoss, k: int, bits: int) -> None:
        self.loss, self.k, self.bits = loss, k, bits
        self.algorithm = loss.algorithm
        self.linear = self.algorithm.form == "linear"
        self.m, self.r, self.rank = self.algorithm.m[0], self.algorithm.r[0], self.algorithm.rank
        self.word = f"uint{bits}_t"
        self.wide = f"uint{max(32, bits)}_t"
        self.suffix = "u" if bits < 64 else "ull"
        kind = "multiply" if self.linear else "tmvp"
        self.name = f"{identifier(self.algorithm)}_{kind}_{self.r * k}_u{bits}"

    def header(self, command: str) -> str:
        """The whole header."""
        loss, q = self.loss, power_text(self.loss.exact)
        digest = sha256(f"{self.algorithm.sha256} {self.k} {self.bits}".encode()).hexdigest()
        sizes = self._sizes()
        formula = "s = g h, polynomials, low to high" if self.linear else "y[i] = sum over j of d[i + j] g[j], all i"
        lost = loss.modulus // loss.exact
        head = comment(
            f"wincraft {__version__}: {command}",
            f"sha256 {self.algorithm.sha256}",
            "",
            f"{formula}, modulo {q}, for operands modulo {q} or any that are equal to them modulo {q}.",
            f"    {', '.join(f'{name}[{size}]' for name, size in sizes.items())}; no two may overlap.",
            f"{self.algorithm.size} on blocks of {self.k}: {self.rank} products of blocks, not {self.m * self.r}.",
            f"    {', '.join(map(str, self.algorithm.moduli or ('points not known',)))}",
            f"Sums wrap around modulo {power_text(loss.modulus)}. They are {loss.scale} = {lost} * {loss.unit} times",
            f"the result: times {loss.inverse} = 1/{loss.unit}, then shifted right by {lost.bit_length() - 1}.",
            f"{self.algorithm.verify()}.",
        )
        guard = f"{self.name.upper()}_H"
        body = [
            head,
            f"#ifndef {guard}\n#define {guard} 0x{digest[:8]}u\n\n#include <stdint.h>",
            '#ifdef __cplusplus\nextern "C" {\n#endif',
            self._function(list(sizes)),
            "#ifdef __cplusplus\n}\n#endif",
            f"#elif {guard} != 0x{digest[:8]}u",
            f'#error "another {self.name}, of other points, is already included"',
            f"#endif /* {guard} */",
        ]
        return "\n\n".join(body) + "\n"

    def _sizes(self) -> dict[str, int]:
        """The lengths of the three arrays."""
        whole = (self.m + self.r) * self.k - 1
        if self.linear:
            return {"h": self.m * self.k, "g": self.r * self.k, "s": whole}
        return {"d": whole, "g": self.r * self.k, "y": self.m * self.k}

    def _function(self, names: Sequence[str]) -> str:
        k, algorithm, linear = self.k, self.algorithm, self.linear
        data, filter, result = names
        first = algorithm.output.transpose() if linear else algorithm.input
        last = algorithm.input.transpose() if linear else algorithm.output
        long = 2 * k - 1
        block, made = (k, long) if linear else (long, k)
        lines = [
            f"static inline void {self.name}"
            f"(const {self.word} *{data}, const {self.word} *{filter}, {self.word} *{result})",
            "{",
            f"    {self.word} U[{self.rank}][{block}], V[{self.rank}][{k}], M[{self.rank}][{made}];",
            "    int i, j, t;",
            f"    for (i = 0; i < {block}; i++) {{",
            *self._evaluation(first.dense, data, "U"),
            "    }",
            f"    for (i = 0; i < {k}; i++) {{",
            *self._evaluation(algorithm.filter.dense, filter, "V"),
            "    }",
            f"    for (t = 0; t < {self.rank}; t++) {{",
            *self._products(made),
            "    }",
        ]
        if linear:
            lines += [f"    for (i = 0; i < {self._sizes()[result]}; i++) {{", f"        {result}[i] = 0;", "    }"]
        lines += [f"    for (i = 0; i < {made}; i++) {{", *self._recombination(last.dense, result), "    }"]
        if linear and self.loss.exact < self.loss.modulus:
            mask = f"{self.loss.exact - 1}{self.suffix}"
            lines += [
                f"    for (i = 0; i < {self._sizes()[result]}; i++) {{",
                f"        {result}[i] = ({self.word})({result}[i] & {mask});",
                "    }",
            ]
        return "\n".join([*lines, "}"])

    def _products(self, made: int) -> list[str]:
        """Product t of two blocks: polynomials of k terms, or a Toeplitz block by k terms."""
        k, wide = self.k, self.wide
        if self.linear:
            return [
                f"        for (i = 0; i < {made}; i++) {{",
                f"            {wide} sum = 0;",
                f"            for (j = i < {k} ? 0 : i - {k - 1}; j <= i && j < {k}; j++) {{",
                f"                sum += ({wide})V[t][j] * U[t][i - j];",
                "            }",
                f"            M[t][i] = ({self.word})sum;",
                "        }",
            ]
        return [
            f"        for (i = 0; i < {made}; i++) {{",
            f"            {wide} sum = 0;",
            f"            for (j = 0; j < {k}; j++) {{",
            f"                sum += ({wide})U[t][i + j] * V[t][j];",
            "            }",
            f"            M[t][i] = ({self.word})sum;",
            "        }",
        ]

    def _evaluation(self, matrix: Matrix, array: str, target: str) -> list[str]:
        """Place i of all blocks to place i of all products."""
        columns = matrix.shape[1]
        lines = [
            f"        const {self.wide} x{column} = {array}[i{f' + {column * self.k}' if column else ''}];"
            for column in range(columns)
        ]
        values, outputs = assignments(self._program(matrix), [f"x{column}" for column in range(columns)], self._literal)
        lines += [fill(f"        const {self.wide} {name} = ", terms, ";") for name, terms in values]
        return lines + [
            fill(f"        {target}[{row}][i] = ({self.word})(", terms, ");") for row, terms in enumerate(outputs)
        ]

    def _recombination(self, matrix: Matrix, array: str) -> list[str]:
        """Place i of all products to place i of all blocks of the result, divided by the scale."""
        names = [f"m{tap}" for tap in range(self.rank)]
        lines = [f"        const {self.wide} {name} = M[{tap}][i];" for tap, name in enumerate(names)]
        values, outputs = assignments(self._program(matrix), names, self._literal)
        lines += [fill(f"        const {self.wide} {name} = ", terms, ";") for name, terms in values]
        for row, terms in enumerate(outputs):
            lines.append(fill(f"        const {self.wide} z{row} = ", terms, ";"))
        for row in range(len(outputs)):
            place = f"{array}[i{f' + {row * self.k}' if row else ''}]"
            value = self._divided(f"z{row}")
            lines.append(
                f"        {place} = ({self.word})({place} + {value});"
                if self.linear
                else f"        {place} = ({self.word})({value});"
            )
        return lines

    def _divided(self, value: str) -> str:
        loss, shift = self.loss, (self.loss.modulus // self.loss.exact).bit_length() - 1
        if loss.unit != 1:
            value = f"{value} * {loss.inverse}{self.suffix}"
        return f"(({self.word})({value}) >> {shift})" if shift else value

    def _literal(self, value: Element) -> str:
        return f"{int(value.numerator) % 2 ** max(32, self.bits)}{self.suffix}"  # type: ignore[attr-defined]

    def _program(self, matrix: Matrix) -> Program:
        """The program on integers, or the plain rows where that divides: what wraps around cannot."""
        program = Circuits(self.algorithm).integers(matrix)
        constants = [item.constant for item in program.operations if item.constant is not None]
        whole = all(int(value.denominator) == 1 for value in constants)  # type: ignore[attr-defined]
        divides = any(item.name == "divide" for item in program.operations)
        return program if whole and not divides else of_matrix(matrix)
