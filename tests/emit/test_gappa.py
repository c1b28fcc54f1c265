# SPDX-License-Identifier: Apache-2.0
"""Rounding bounds of line functions: what Gappa proves, what wincraft states, and the worst that is found."""

from __future__ import annotations

import re
import shutil
import subprocess
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from wincraft import parse, render, winograd
from wincraft.circuit import Program
from wincraft.construct import Circuits
from wincraft.emit.gappa import gappa_script
from wincraft.errors import BadValue, NotApplicable, TooLarge, WrongForm
from wincraft.measure.float_bound import growth_of_program
from wincraft.measure.rounded_machine import RoundedMachine
from wincraft.numbers import FORMATS, Box
from wincraft.numbers.arithmetic import Arithmetic

needs_gappa = pytest.mark.skipif(shutil.which("gappa") is None, reason="needs Gappa, Debian's package gappa")
SIZES = ["F(2,3)", "F(4,3)", "F(6,3)"]
SLOW = [pytest.param(size, marks=pytest.mark.slow) if size == "F(6,3)" else size for size in SIZES]
NUMBER = r"(-?\d+)(?:b(-?\d+))?(?: \{[^}]*\})?"


@cache
def circuits(size):
    return Circuits(parse(size))


def run_gappa(script):
    return subprocess.run(["gappa"], input=script, capture_output=True, text=True, timeout=120, check=False)


def proved(script):
    """The largest error by output."""
    done = run_gappa(script)
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    assert "Warning" not in text
    found = {}
    for name, *ends in re.findall(rf"^  (\w+) - \w+ in \[{NUMBER}, {NUMBER}\]", text, re.MULTILINE):
        low, high = (int(ends[k]) * Fraction(2) ** int(ends[k + 1] or 0) for k in (0, 2))
        found[name] = max(-low, high)
    return found


def stated(program, format):
    """The bound of wincraft for inputs in [-1, 1] by output."""
    growth = growth_of_program(program, format)
    return dict(enumerate(growth.made.sum(axis=1) + growth.least))


class Attack:
    """Inputs in [-1, 1] with large errors: of the sizes that matter to rounding, then changed wherever that helps."""

    def __init__(self, algorithm, name, program, format):
        self.program, self.format, self.step = program, format, algorithm.named[name].passes[0]
        self.machine = RoundedMachine(Arithmetic(format), programs=lambda matrix: program)
        self.rows = np.array([[float(x) for x in row] for row in self.exact(np.eye(program.inputs))]).T
        self.generator = np.random.default_rng(1)

    def exact(self, vectors):
        return [self.program.run([Fraction(float(x)) for x in vector]) for vector in vectors]

    def computed(self, vectors):
        return self.machine.apply(self.step, self.machine.arithmetic.round(vectors.T[:, :, None]))[..., 0].T

    def errors(self, vectors):
        return np.abs(self.computed(vectors) - vectors @ self.rows.T)

    def drawn(self, shape):
        """Signs, and magnitudes of a random number of bits just below a power of two or 1 or anywhere."""
        signs, off = self.generator.choice([-1.0, 1.0], shape), 2.0 ** -self.generator.integers(2, 14, shape)
        near = 2.0 ** -self.generator.choice([0, 0, 0, 1, 2], shape) * (1 - off * self.generator.random(shape))
        anywhere = self.generator.random(shape)
        return self.format.quantize(signs * np.where(self.generator.random(shape) < 0.7, near, anywhere))

    def worst(self, output, rounds=60, count=2000, kept=100):
        """The largest error of an output that is found."""
        vectors = self.drawn((4 * count, self.program.inputs))
        vectors[: 2 * count] = np.abs(vectors[: 2 * count]) * np.where(self.rows[output] < 0, -1.0, 1.0)
        for _ in range(rounds):
            best = vectors[np.argsort(-self.errors(vectors)[:, output])[:kept]]
            changed = np.repeat(best, count // kept, axis=0)
            changing = self.generator.random(changed.shape) < 1.5 / self.program.inputs
            step = self.format.ulp(changed) * self.generator.integers(-40, 41, changed.shape)
            other = np.where(self.generator.random(changed.shape) < 0.5, self.drawn(changed.shape), changed + step)
            other = np.clip(self.format.quantize(other), -1, 1)
            vectors = np.concatenate([best, np.where(changing, other, changed)])
        best = vectors[np.argsort(-self.errors(vectors)[:, output])[:1]]
        ((*exact,),) = self.exact(best)
        return abs(Fraction(float(self.computed(best)[0, output])) - exact[output])


@pytest.mark.slow_cases("F(4,3)-bf16", "F(4,3)-fp32")
@needs_gappa
@pytest.mark.parametrize("name", ["BT", "G", "AT"])
@pytest.mark.parametrize("format", ["fp32", "fp16", "bf16"])
@pytest.mark.parametrize("size", SLOW)
def test_bounds_are_above_the_worst_that_is_found(size, format, name):
    program, format = circuits(size).line(name).program, FORMATS[format]
    found, ours = proved(gappa_script(program, format)), stated(program, format)
    attack = Attack(circuits(size).algorithm, name, program, format)
    assert found
    ratios = []
    for output, bound in found.items():
        number = int(output[1:])
        worst = attack.worst(number)
        assert 0 < worst <= bound
        assert worst <= ours[number]
        ratios.append((float(bound / worst), ours[number] / float(worst), ours[number] / float(bound)))
    gappa, stated_, both = (max(column) for column in zip(*ratios, strict=True))
    print(f"{size} {name} {format.name}: above the worst found, Gappa {gappa:.2f}, wincraft {stated_:.2f} times")
    assert both <= 2.02
    assert min(column[2] for column in ratios) >= 1


@needs_gappa
@pytest.mark.slow_cases("F(2x4,3x2)")
@pytest.mark.parametrize("size", ["F(4x4,3x3)", "F(2x4,3x2)"])
def test_the_format_asks_of_every_line(size):
    text = render(parse(size), "gappa")
    found = proved(text)
    algorithm = parse(size)
    for name, letter in (("G", "v"), ("BT", "u"), ("AT", "y")):
        for axis, factor in enumerate(algorithm.named[name].factors):
            program = Circuits(algorithm).of(factor.dense).program
            label = name if len(set(algorithm.factors)) == 1 else f"{name}_axis{axis}"
            alone = proved(gappa_script(program))
            assert alone == {key: found[f"{label}_{letter}{key[1:]}"] for key in alone}
    assert "F(4x4" not in size or len(found) == 14


@needs_gappa
def test_a_smaller_bound_than_an_error_is_not_proved():
    script = gappa_script(Program.build(2, [("add", 0, 1)], [2]), FORMATS["fp16"])
    for bound, code in (("1b-11", 0), ("1023b-21", 1)):
        assert run_gappa(script.replace("in ? }", f"in [-{bound}, {bound}] }}")).returncode == code


@needs_gappa
def test_where_nothing_rounds():
    for script in (gappa_script(Program.build(2, [("multiply", 0, "2")], [1, 2])), render(winograd(1, 1), "gappa")):
        done = run_gappa(script)
        assert (done.returncode, re.findall(r" in \[.*", done.stdout + done.stderr)) == (0, [" in [0, 0]"])


@needs_gappa
@pytest.mark.parametrize(
    ("steps", "bound"),
    [
        ([("multiply", 0, "1/4"), ("add", 2, 1)], Fraction(1, 2**11) + Fraction(1, 2**25)),
        ([("multiply", 0, "1/3"), ("multiply", 0, "1/3"), ("subtract", 2, 3)], 0),
        ([("multiply", 0, "4"), ("fms", 1, 2, "8")], Fraction(1, 2**6)),
        ([("divide", 0, "3"), ("shift", 2, "2")], 2 * (Fraction(1, 2**13) + Fraction(1, 3) - Fraction(1365, 4096))),
        ([("multiply", 0, "0"), ("fma", 2, 1, "1/65536")], Fraction(1, 2**24)),
    ],
)
def test_every_kind_of_operation(steps, bound):
    """The last value's error: what rounds, what a constant is off by, what underflows, what is the same twice."""
    script = gappa_script(Program.build(2, steps, [1 + len(steps)]), FORMATS["fp16"])
    (found,) = proved(script).values() if "?" in script else (0,)
    assert abs(found - bound) <= bound / 1000


def test_what_cannot_be_asked():
    add = Program.build(2, [("add", 0, 1)], [2])
    with pytest.raises(BadValue, match=r"end of the box is 1/3; give a number of float32"):
        gappa_script(add, box=Box(0, Fraction(1, 3)))
    with pytest.raises(NotApplicable, match="take rational points"):
        render(winograd(2, 3, points="0,sqrt(2),-sqrt(2)"), "gappa")
    with pytest.raises(NotApplicable, match="are not of lines; use --nested"):
        render(parse("4x4,3x3", moduli="0,1,-1,x^2+1,inf"), "gappa")
    with pytest.raises(WrongForm):
        render(winograd(2, 3).transpose(), "gappa")
    with pytest.raises(TooLarge):
        gappa_script(Program.build(1, [("multiply", 0, "100000")], [1]), FORMATS["fp16"])
    assert "[0b0, 255b0]" in gappa_script(add, box=Box(0, 255))
