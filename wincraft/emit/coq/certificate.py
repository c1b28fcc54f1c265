# SPDX-License-Identifier: Apache-2.0
"""Coq: a certificate, an algorithm as data with short proofs by computation on the theorems of ``Wincraft.v``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm, prod
from pathlib import Path
from typing import TextIO

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.linear_map import LinearMap
from wincraft.circuit.program import Program, Term
from wincraft.circuit.recording import record
from wincraft.construct.circuits import Circuits
from wincraft.emit.c.text import fill
from wincraft.emit.program_text import check_output, opening
from wincraft.errors import NotApplicable
from wincraft.exact.matrix import to_numbers
from wincraft.exact.number import as_fractions, to_fraction
from wincraft.exact.types import Domain
from wincraft.measure.integers import Integers, range_name, range_options
from wincraft.measure.ranges import Ranges, ranges
from wincraft.measure.steps import Kind
from wincraft.numbers.box import Box, largest_multiple

LIBRARY = Path(__file__).with_name("Wincraft.v")
"""What certificates stand on: the general theorems, proved once, without axioms."""

_THEOREMS = (
    "convolution", "division", "filter_ranges", "data_ranges", "product_ranges",
    "products_fit", "products_too_many", "outputs_fit", "outputs_too_many",
)  # fmt: skip
CLOSED = "Closed under the global context"
"""What Coq prints of theorems without axioms."""

_MAPS = (("G", "G", "filter"), ("BT", "B", "data"), ("AT", "A", "output"))
"""Of every map its name, the block's matrix, and what it transforms."""


def emit(
    algorithm: Algorithm, stream: TextIO, integers: Integers | None = None, circuits: Circuits | None = None
) -> None:
    """Write the certificate: the identity of every axis, ranges, channel counts, exact division, and the circuits.

    Matrices are integers: a rational one is multiplied by the least common multiple of its denominators, and the scale
    with it. Ranges are those of U = G g, V = B^T d and their products, for the boxes of `integers`, by default int8 and
    an accumulator of 32 bits; the circuits those of the C header. ``coqc`` reads it beside `LIBRARY`.

    Raises:
        WrongForm: in linear convolution form.
        NotApplicable: for an algorithm that is not rational.

    >>> from io import StringIO
    >>> from wincraft import winograd
    >>> emit(winograd(2, 3), out := StringIO())
    >>> next(line for line in out.getvalue().splitlines() if "Z.of_nat C <=" in line).strip()
    'Theorem products_fit C g d k : Z.of_nat C <= 21845 -> In k (indices algorithm) ->'
    """
    check_output(algorithm, "coq")
    if not algorithm.field.rational:
        reason = f"its entries lie in {algorithm.field.domain}"
        raise NotApplicable(f"coq output of {algorithm.size}", reason, "take rational points")
    integers = Integers() if integers is None else integers
    circuits = Circuits(algorithm) if circuits is None else circuits
    stream.write("\n\n".join(_parts(algorithm, integers, circuits)) + "\n")


@dataclass(frozen=True)
class _Axis:
    """An axis, or the whole tile, in integers: by map its matrix, and what that was multiplied by."""

    part: Algorithm
    name: str

    @cached_property
    def integer(self) -> dict[str, tuple[int, list[list[int]]]]:
        found = {}
        for label, _, _ in _MAPS:
            rows = [[to_fraction(number) for number in row] for row in to_numbers(self.part.named[label].dense)]
            factor = lcm(*(value.denominator for row in rows for value in row))
            found[label] = factor, [[int(value * factor) for value in row] for row in rows]
        return found

    @property
    def scale(self) -> int:
        """What the integer matrices give, over the convolution."""
        return int(to_fraction(self.part.scale) * prod(factor for factor, _ in self.integer.values()))


def _parts(algorithm: Algorithm, integers: Integers, circuits: Circuits) -> Iterator[str]:
    lines = opening(algorithm, "coq", circuits, range_options(integers))
    yield "(* " + "\n".join(f"   {line}".rstrip() for line in lines).strip() + " *)"
    yield (
        "Require Import Wincraft.\nRequire Import Arith NArith ZArith List String.\n"
        "Import ListNotations.\nOpen Scope Z_scope."
    )
    yield f'(* Of the algorithm in JSON, which has this hash *)\nDefinition sha256 := "{algorithm.sha256}"%string.'
    parts = algorithm.factors if algorithm.separable else (algorithm,)
    distinct = {part: _Axis(part, f"axis{number}") for number, part in enumerate(dict.fromkeys(parts))}
    for axis in distinct.values():
        yield from _block(axis)
    axes = [distinct[part] for part in parts]
    names = "; ".join(axis.name for axis in axes)
    yield f"Definition algorithm := [{names}].\nDefinition shapes := {_list(map(_shape, parts))}."
    yield _convolution(axes)
    yield from _ranges(algorithm, axes, integers)
    theorems = list(_THEOREMS)
    for axis in distinct.values():
        for of in _MAPS:
            for title, text in _circuits(axis, circuits, of):
                theorems.append(title)
                yield text
    together = fill("   ", [f"{title}," for title in theorems[:-1]] + theorems[-1:]).lstrip()
    yield f"Definition everything :=\n  ({together})."
    yield "Print Assumptions everything."


def _block(axis: _Axis) -> Iterator[str]:
    part, name = axis.part, axis.name
    told, tables = [], []
    for label, (factor, rows) in axis.integer.items():
        told += [f"{label} is {factor} times that of the algorithm"] if factor > 1 else []
        tables.append(f"Definition {name}_{label} : matrix :=\n  {_table(rows)}.")
    if told:
        yield f"(* {', '.join(told)} *)"
    yield "\n\n".join(tables)
    yield f"Definition {name} := Block {_shape(part)} {part.rank} {name}_AT {name}_G {name}_BT {axis.scale}."


def _convolution(axes: Sequence[_Axis]) -> str:
    scale = prod(axis.scale for axis in axes)
    return f"""\
(* Y = {scale} times the convolution, for any number of channels *)
Lemma checked : forallb holds algorithm = true.
Proof. vm_cast_no_check (eq_refl true). Qed.

Theorem convolution C g d i : inside shapes i ->
  winograd algorithm C g d i = {scale} * sum C (fun c => conv shapes (g c) (d c) i).
Proof. exact (identity_is_convolution algorithm C g d i checked). Qed.

Theorem division C g d i : inside shapes i ->
  winograd algorithm C g d i / {scale} = sum C (fun c => conv shapes (g c) (d c) i)
  /\\ winograd algorithm C g d i mod {scale} = 0.
Proof. intros H. apply (division_is_exact algorithm C g d i checked H). easy. Qed."""


def _ranges(algorithm: Algorithm, axes: Sequence[_Axis], integers: Integers) -> Iterator[str]:
    found, boxes = ranges(algorithm, integers.data, integers.filter), (integers.filter, integers.data)
    factors = [prod(axis.integer[label][0] for axis in axes) for label in ("G", "BT")]
    ends = " ".join(_z(end) for box in boxes for end in (box.low, box.high))
    yield f"(* Filters in {range_name(boxes[0])}, data in {range_name(boxes[1])} *)\nDefinition box := Boxes {ends}."
    scaled = [_pairs(found, "filter", factors[0]), _pairs(found, "input", factors[1])]
    for what, pairs in zip(("filter", "data"), scaled, strict=True):
        yield (
            f"Theorem {what}_ranges : Forall2 (is_range ({what}_passes algorithm) ({what}_low box) ({what}_high box))\n"
            f"  (indices algorithm)\n  {_wrapped(pairs)}.\n"
            "Proof. apply ranges_exact; vm_compute; easy. Qed."
        )
    products = _pairs(found, "product", factors[0] * factors[1])
    yield (
        f"(* Of one channel *)\nTheorem product_ranges : Forall2 (is_product_range algorithm box) (indices algorithm)\n"
        f"  {_wrapped(products)}.\nProof. apply product_ranges_exact; vm_compute; easy. Qed."
    )
    yield from _channels(axes, products, integers)


def _channels(axes: Sequence[_Axis], products: Iterable[tuple[int, int]], integers: Integers) -> Iterator[str]:
    bits, word = integers.accumulator, Box.signed(integers.accumulator)
    inside = "within (filter_low box) (filter_high box) g -> within (data_low box) (data_high box) d ->"
    exist = "within (filter_low box) (filter_high box) g /\\ within (data_low box) (data_high box) d /\\"
    corners = [
        x * y for x in (integers.filter.low, integers.filter.high) for y in (integers.data.low, integers.data.high)
    ]
    count = prod(prod(axis.part.r) * axis.scale for axis in axes)
    output = Box(min(corners) * count, max(corners) * count)
    most = largest_multiple(word, [Box(low, high) for low, high in products])
    assert most is not None
    yield f"""\
(* The most channels whose products a word of {bits} bits holds *)
Theorem products_fit C g d k : Z.of_nat C <= {most} -> In k (indices algorithm) ->
  {inside}
  word_holds {bits} (products algorithm C g d k).
Proof. intros. apply (channels_safe algorithm box {bits} {most}); try assumption; [vm_compute; reflexivity|easy]. Qed.

Theorem products_too_many : exists k g d, In k (indices algorithm) /\\
  {exist}
  ~ word_holds {bits} (products algorithm (Z.to_nat {most + 1}) g d k).
Proof. apply channels_too_many; [rewrite Z2Nat.id by easy; vm_compute; reflexivity|easy|easy]. Qed."""
    most = largest_multiple(word, [output])
    assert most is not None
    first = _list("0%nat" for _ in axes)
    yield f"""\
(* The most channels whose outputs, before the division, it holds: enough where all arithmetic wraps around *)
Theorem outputs_fit C g d i : Z.of_nat C <= {most} -> inside shapes i ->
  {inside}
  word_holds {bits} (winograd algorithm C g d i).
Proof.
  intros. apply (outputs_safe algorithm box {bits} {most}); try assumption;
    [exact checked|easy|vm_compute; reflexivity|easy].
Qed.

Theorem outputs_too_many : exists g d,
  {exist}
  ~ word_holds {bits} (winograd algorithm (Z.to_nat {most + 1}) g d {first}).
Proof.
  apply outputs_too_many; [exact checked|rewrite Z2Nat.id by easy; vm_compute; reflexivity| |easy|easy].
  repeat split; apply Nat.ltb_lt; reflexivity.
Qed."""


def _circuits(axis: _Axis, circuits: Circuits, of: tuple[str, str, str]) -> Iterator[tuple[str, str]]:
    """The programs of a map that the C header prints: of floats, and of integers where they differ."""
    label, matrix, what = of
    factor, _ = axis.integer[label]
    for name, program in _programs(axis.part.named[label], label, circuits).items():
        title = f"{axis.name}_{label}_{name}"
        theorem = f"{title}_is_matrix"
        operations = [_operation(operation.terms, program.domain) for operation in program.operations]
        outputs = _list(f"{number}%N" for number in program.outputs)
        yield (
            theorem,
            (
                f"(* The circuit of the {what} transform, {name} *)\n"
                f"Definition {title} : list operation :=\n  {_wrapped_texts(operations)}.\n\n"
                f"Theorem {theorem} :\n"
                f"  computes {program.inputs} {title} {outputs} ({matrix} {axis.name}) {factor}.\n"
                f"Proof. apply circuit_is_matrix. vm_cast_no_check (eq_refl true). Qed."
            ),
        )


def _programs(item: LinearMap, label: str, circuits: Circuits) -> dict[str, Program]:
    """By name; a chain of stages is one program."""
    if len(item.tile) > 1 or (item.factors is None and len(item.passes) > 1):
        return {"float": circuits.whole(label)}
    matrices = [step.matrix for step in item.passes]

    def joined(programs: Sequence[Program]) -> Program:
        def apply(values: list[object]) -> list[object]:
            for program in programs:
                values = program.run(values)
            return values

        return record(item.tile[0], apply, item.domain)

    found = {"float": joined([circuits.of(matrix).program for matrix in matrices])}
    computed = joined([circuits.computed(matrix) for matrix in matrices])
    return found | ({"integer": computed} if computed != found["float"] else {})


def _operation(terms: Sequence[Term], K: Domain) -> str:
    factors = as_fractions([factor for _, factor in terms], K)
    pairs = [(number, factor) for (number, _), factor in zip(terms, factors, strict=True)]
    den = lcm(*(factor.denominator for _, factor in pairs))
    return f"Operation {den} {_list(f'({_z(factor * den)}, {number}%N)' for number, factor in pairs)}"


def _pairs(found: Ranges, kind: Kind, factor: int) -> list[tuple[int, int]]:
    """Those of the last step of a kind, multiplied."""
    last = found.of(kind)[-1]
    return [(int(low * factor), int(high * factor)) for low, high in zip(last.low.flat, last.high.flat, strict=True)]


def _shape(part: Algorithm) -> str:
    return _list(f"({m}%nat, {r}%nat)" for m, r in zip(part.m, part.r, strict=True))


def _z(value: Fraction | int) -> str:
    return f"({value})" if value < 0 else f"{value}"


def _list(items: Iterable[str]) -> str:
    return f"[{'; '.join(items)}]"


def _table(rows: Sequence[Sequence[int]]) -> str:
    width = max(len(str(value)) for row in rows for value in row)
    texts = ["[" + "; ".join(f"{value:{width}}" for value in row) + "]" for row in rows]
    return "[" + ";\n   ".join(texts) + "]"


def _wrapped(pairs: Iterable[tuple[int, int]]) -> str:
    return _wrapped_texts([f"({low}, {high})" for low, high in pairs])


def _wrapped_texts(texts: Sequence[str]) -> str:
    return "[" + (fill("   ", [f"{text};" for text in texts[:-1]] + list(texts[-1:])).lstrip() if texts else "") + "]"
