# SPDX-License-Identifier: Apache-2.0
"""Verilog modules are simulated at the extremes of their inputs and between; every wire is as wide as it must be."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from functools import cache
from itertools import product
from random import Random

import pytest
from program_texts import CLASSIC, MAKERS, MAPS, done, emitted, integer_matrix, made

from wincraft import parse, winograd
from wincraft.errors import BadValue, NotApplicable, WrongForm
from wincraft.measure import Integers
from wincraft.numbers import Box

SIZES = {
    "F(2,3)": lambda: winograd(2, 3, points=CLASSIC[4]),
    "F(4,3)": lambda: winograd(4, 3, points=CLASSIC[6]),
    "F(6,3)": lambda: winograd(6, 3, points=CLASSIC[8]),
    "F(4,3), rank 7": lambda: winograd(4, 3, moduli="0,1,-1,x^2+1,inf"),
    "F(2x2,3x3)": lambda: parse("F(2x2,3x3)", points=CLASSIC[4]),
}
INTEGERS = {"default": Integers(), "uint8": Integers(data=Box.unsigned(8), filter=Box(-100, 7), accumulator=40)}
_STATEMENT = r"(?:wire signed \[\d+:0\]|assign) (\w+) = (.*?);  // (-?\d+)\.\.(-?\d+)"
needs_iverilog = pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog is not installed")
needs_yosys = pytest.mark.skipif(shutil.which("yosys") is None, reason="yosys is not installed")


@cache
def text_of(name, which="default", choice="default"):
    return emitted("verilog", (SIZES | MAKERS)[name](), INTEGERS[which], choice=choice)


def modules(text):
    """Of each module its name, its transform, the widths of its ports in and out, and its body."""
    for name, transform, ports, body in re.findall(
        r"module (\w+_(\w+)_transform) \((.*?)\n\);\n(.*?)endmodule", text, re.DOTALL
    ):
        found = re.findall(r"(input|output)\s+wire signed \[(\d+):0\] (\w+)", ports)
        yield (
            name,
            transform,
            *({port: int(high) + 1 for way, high, port in found if way == side} for side in ("input", "output")),
            body,
        )


def box_of(transform, integers):
    """The range of what a transform reads."""
    boxes = {"filter": integers.filter, "input": integers.data, "output": Box.signed(integers.accumulator)}
    return int(boxes[transform].low), int(boxes[transform].high)


def vectors(rows, low, high, random):
    """Inputs at which each output is largest and smallest, and others."""
    size = len(rows[0])
    for row in rows:
        yield [high if x > 0 else low for x in row]
        yield [low if x > 0 else high for x in row]
    for _ in range(20):
        yield [random.choice((low, high)) for _ in range(size)]
        yield [random.randint(low, high) for _ in range(size)]


def test_an_accumulator_that_overflows_is_written_only_where_it_may():
    """F(2,3) on 0, 1, -1, its integer form: a product of one channel takes 18 bits."""
    narrow = Integers(accumulator=12)
    with pytest.raises(NotApplicable, match=r"takes 18 bits of M, not 12; give a wider .* or allow overflow$"):
        emitted("verilog", SIZES["F(2,3)"](), narrow)
    text = emitted("verilog", SIZES["F(2,3)"](), replace(narrow, may_overflow=True))
    assert "M CAN OVERFLOW, as was asked for: U[k] * V[k] of one channel takes 18 bits." in " ".join(
        text.split("\n// ")
    )
    assert "--accumulator=12 --allow-overflow\n" in text
    assert "CAN OVERFLOW" not in text_of("F(2,3)")


@pytest.mark.slow_cases("F(4,3)-default")
@needs_iverilog
@pytest.mark.parametrize("which", INTEGERS)
@pytest.mark.parametrize("name", SIZES)
def test_modules_compute_the_integer_matrices(name, which, tmp_path):
    text, algorithm, random = text_of(name, which), SIZES[name](), Random(0)
    lines, wanted = [], []
    for number, (module, transform, inputs, outputs, _) in enumerate(modules(text)):
        rows = integer_matrix(algorithm, transform)
        low, high = box_of(transform, INTEGERS[which])
        lines += [f"reg signed [{width - 1}:0] i{number}_{port};" for port, width in inputs.items()]
        lines += [f"wire signed [{width - 1}:0] o{number}_{port};" for port, width in outputs.items()]
        wires = [f".{port}(i{number}_{port})" for port in inputs] + [f".{port}(o{number}_{port})" for port in outputs]
        lines += [f"{module} m{number} ({', '.join(wires)});", "initial begin", f"#{100000 * number};"]
        for values in vectors(rows, low, high, random):
            for (port, width), value in zip(inputs.items(), values, strict=True):
                lines.append(f"i{number}_{port} = {width}'h{value % 2**width:x};")
            shown = ", ".join(f"o{number}_{port}" for port in outputs)
            lines += ["#1;", f'$display("{" ".join(["%0d"] * len(outputs))}", {shown});']
            wanted.append([sum(a * x for a, x in zip(row, values, strict=True)) for row in rows])
        lines.append("end")
    (tmp_path / "f.v").write_text(text)
    (tmp_path / "test.v").write_text("\n".join(["module test;", *lines, "endmodule"]) + "\n")
    assert done("iverilog", "-g2001", "-Wall", "-Wno-timescale", "-o", "test", "f.v", "test.v", cwd=tmp_path) == ""
    got = [list(map(int, line.split())) for line in done("vvp", "-n", "test", cwd=tmp_path).splitlines()]
    assert got == wanted


@needs_yosys
@pytest.mark.parametrize("name", ["F(4,3)", "F(2x2,3x3)"])
def test_yosys_reads_and_checks_them(name, tmp_path):
    (tmp_path / "f.v").write_text(text_of(name))
    found = [module for module, *_ in modules((tmp_path / "f.v").read_text())]
    script = "read_verilog -nolatches f.v; proc; check -assert; select -assert-none t:$div t:$dff t:$dlatch; stat"
    said = done("yosys", "-p", script, cwd=tmp_path)
    assert all(f"=== {module} ===" in said for module in found)
    assert "Warning" not in said


@pytest.mark.parametrize("which", INTEGERS)
@pytest.mark.parametrize("name", ["F(2,3)", "F(4,3)", "F(6,3)"])
def test_every_wire_has_the_bits_of_its_range(name, which):
    for _, transform, inputs, outputs, body in modules(text_of(name, which)):
        low, high = box_of(transform, INTEGERS[which])
        corners = list(product((low, high), repeat=len(inputs)))
        values = {port: [corner[k] for corner in corners] for k, port in enumerate(inputs)}
        widths = inputs | outputs
        for wire, text, *told in re.findall(_STATEMENT, body):
            plain = re.sub(r"\d+'sd", "", text).replace("<<<", "<<").replace(">>>", ">>")
            names = [port for port in values if re.search(rf"\b{port}\b", plain)]
            columns = zip(*map(values.get, names), strict=True)
            compiled = compile(plain, wire, "eval")
            values[wire] = [eval(compiled, dict(zip(names, given, strict=True))) for given in columns]
            if declared := re.search(rf"wire signed \[(\d+):0\] {wire} =", body):
                widths[wire] = int(declared[1]) + 1
            assert [min(values[wire]), max(values[wire])] == list(map(int, told))
        for wire, found in values.items():
            assert widths[wire] == bits(min(found), max(found))


def bits(low, high):
    return next(w for w in range(1, 100) if -(2 ** (w - 1)) <= low and high < 2 ** (w - 1))


def test_words_say_what_the_modules_are_for():
    text = text_of("F(4,3)", "uint8")
    assert "--format verilog --data-range=uint8 --weight-range=-100..7 --accumulator=40\n" in text
    assert "24 Y = A^T M" in text
    assert "\n    assign u0 = " in text
    rows = {name: integer_matrix(SIZES["F(4,3)"](), name) for name in MAPS}
    ends = {name: extremes(rows[name], *box_of(name, INTEGERS["uint8"])) for name in ("input", "filter")}
    largest = [max(abs(u * v) for u, v in product(*pair)) for pair in zip(ends["input"], ends["filter"], strict=True)]
    channels = int(re.search(r"holds\s+(?://\s+)?(\d+)\s+(?://\s+)?channels", text)[1])
    assert channels == 2**39 // max(largest)


def extremes(rows, low, high):
    return [(sum(min(x * low, x * high) for x in row), sum(max(x * low, x * high) for x in row)) for row in rows]


def test_what_they_cannot_write():
    with pytest.raises(WrongForm, match=r"^verilog output: this is the linear convolution form"):
        emitted("verilog", made("F(2,3)").transpose(), circuits=None)
    with pytest.raises(NotApplicable, match="have no size"):
        emitted("verilog", winograd(2, 3).convert("GF(31)"), circuits=None)
    with pytest.raises(NotApplicable, match=r"entries lie in QQ<sqrt\(2\)>; choose rational points"):
        emitted("verilog", made("F(4,3), sqrt(2)"), circuits=None)
    with pytest.raises(NotApplicable, match="one channel of int8 data and filters takes 18 bits of M, not 16"):
        emitted("verilog", made("F(2,3)"), Integers(accumulator=16))
    with pytest.raises(BadValue, match="65 bits"):
        emitted("verilog", made("F(2,3)"), Integers(accumulator=65))
