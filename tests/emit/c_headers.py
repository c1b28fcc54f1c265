# SPDX-License-Identifier: Apache-2.0
"""What the tests of C headers share: algorithms, compilers, and calling compiled functions with NumPy arrays."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from dataclasses import replace
from fractions import Fraction
from functools import cache, reduce

import numpy as np
import pytest
from sympy.polys.domains import QQ

from wincraft import Algorithm, LinearMap, nest, parse, render, winograd
from wincraft.construct import change_basis, factorise
from wincraft.exact import diagonal

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
STANDARDS = {"gcc": "c99", "clang": "c99", "g++": "c++17", "clang++": "c++17"}
COMPILERS = [
    pytest.param(name, marks=pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed"))
    for name in STANDARDS
]
CC = next((name for name in ("gcc", "clang") if shutil.which(name)), "")
needs_cc = pytest.mark.skipif(not CC, reason="neither gcc nor clang is installed")

CLASSIC = {4: "0,1,-1", 6: "0,1,-1,2,-2", 8: "0,1,-1,2,-2,1/2,-1/2"}
PLAIN = {
    "F(2,3)": lambda: winograd(2, 3, points=CLASSIC[4]),
    "F(4x4,3x3)": lambda: parse("F(4x4,3x3)"),
    "F(2x4,3x5)": lambda: parse("F(2x4,3x5)"),
    "F(6x6,3x3)": lambda: parse("F(6x6,3x3)", points=CLASSIC[8]),
    "F(4x4,3x3), rank 7": lambda: parse("F(4x4,3x3)", moduli="0,1,-1,x^2+1,inf", nested=True),
    "F(4x4,3x3), sqrt(2)": lambda: parse("F(4x4,3x3)", points="0,1,-1,sqrt(2),-sqrt(2)"),
    "F(2x2x2,3x3x3)": lambda: parse("F(2x2x2,3x3x3)"),
    "F(2x4x2,3x2x3)": lambda: parse("F(2x4x2,3x2x3)"),
    "F(2x2x2x2,2x2x2x2)": lambda: parse("F(2x2x2x2,2x2x2x2)"),
    "F(1,1)": lambda: winograd(1, 1),
    "F(1x3,3x1)": lambda: parse("F(1x3,3x1)"),
    "F(4,3), pow2": lambda: winograd(4, 3, points=CLASSIC[6], convention="pow2"),
    "F(4x4,3x3), integer": lambda: parse("F(4x4,3x3)", points=CLASSIC[6], convention="integer"),
    "F(4x4,3x3), lavin": lambda: parse("F(4x4,3x3)", points=CLASSIC[6], convention="lavin"),
    "an empty tap": lambda: Algorithm.from_matrices([[2, 2]], [[1], [0]], [[1], [1]]),
    "a negative scale": lambda: winograd(2, 3).rescale(a=[-3, -3, -3, -3]),
}


def _widened(algorithm):
    """The same maps through twice as many values: the first stages grow, the last ones shrink."""

    def through_copies(item):
        K, (_, inputs) = item.domain, item.shape
        one, half = (diagonal([K(value)] * inputs, K) for value in (1, QQ(1, 2)))
        dense = item.dense * half
        return LinearMap.of(one.vstack(one), dense.hstack(dense))

    return replace(
        algorithm,
        **{name: through_copies(getattr(algorithm, name)) for name in ("output", "filter", "input")},
    )


CHAINED = {
    "legendre": lambda: change_basis(winograd(4, 3, points=CLASSIC[6]), "legendre"),
    "legendre, images": lambda: change_basis(parse("F(4x4,3x3)", points=CLASSIC[6]), "legendre"),
    "legendre, scaled": lambda: change_basis(
        parse("F(4x4,3x3)", points=CLASSIC[6], convention="integer"), input="legendre", output="legendre"
    ),
    "legendre, sqrt(2)": lambda: change_basis(parse("F(4x4,3x3)", points="0,1,-1,sqrt(2),-sqrt(2)"), "legendre"),
    "butterfly": lambda: factorise(winograd(6, 3, points=CLASSIC[8]), "butterfly"),
    "bjorck-pereyra": lambda: factorise(parse("F(4x4,3x3)", points=CLASSIC[6]), input="bjorck-pereyra"),
    "rectangle": lambda: change_basis(parse("F(2x4,3x3)"), "legendre"),
    "rectangle, one and two stages": lambda: nest(winograd(2, 3), made("legendre")),
    "rectangle, nine and two stages": lambda: nest(
        *(factorise(winograd(4, 3, points=CLASSIC[6]), input="bjorck-pereyra"), factorise(winograd(2, 3), "butterfly"))
    ),
    "cube, the middle in one stage": lambda: nest(
        *(change_basis(winograd(2, 3), "legendre"), winograd(2, 2), factorise(winograd(2, 3), "butterfly"))
    ),
    "cube, stages that grow": lambda: nest(*(_widened(winograd(2, 3)),) * 3),
}
MAKERS = PLAIN | CHAINED


@cache
def made(name):
    return MAKERS[name]()


@cache
def header(name):
    return render(made(name), "c")


def functions(text):
    """Name, parameter list and what it is of every function in a header."""
    return re.findall(r"^static inline void (\w+_(?:filter|input|output)_\w+)\(([^)]*)\)", text, re.MULTILINE)


def compile_with(compiler, files, *options, cwd):
    command = [compiler, f"-std={STANDARDS[compiler]}", *WARNINGS, *files, *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def wrapped(text, prefix):
    """C text that makes every function of a header visible, its name behind a prefix."""
    lines = []
    for function, parameters in functions(text):
        arguments = ", ".join(re.findall(r"\w+(?=,|$)", parameters))
        lines.append(f"void {prefix}{function}({parameters});")
        lines.append(f"void {prefix}{function}({parameters}) {{ {function}({arguments}); }}")
    return "\n".join(lines) + "\n"


class Library:
    """Headers' functions over all axes, compiled with the undefined behaviour sanitizer where there is one."""

    def __init__(self, folder, headers):
        self.functions = {}
        for number, (name, text) in enumerate(headers.items()):
            (folder / f"h{number}.h").write_text(text)
            (folder / f"t{number}.c").write_text(f'#include "h{number}.h"\n' + wrapped(text, f"t{number}_"))
            for function, parameters in functions(text):
                short = re.sub(r"^wincraft_f[\dx]+_[\dx]+_", "", function)
                self.functions[name, short] = f"t{number}_{function}", re.findall(r"\w+(?=,|$)", parameters)
        sources = [f"t{number}.c" for number in range(len(headers))]
        command = [CC, "-std=c99", *WARNINGS, "-O1", "-ffp-contract=off", "-shared", "-fPIC", *sources, "-o", "lib.so"]
        for sanitizer in (["-fsanitize=undefined"], []):
            built = subprocess.run(command + sanitizer, capture_output=True, cwd=folder, check=False)
            if built.returncode == 0:
                break
        assert built.returncode == 0, built.stderr
        self.library = ctypes.CDLL(str(folder / "lib.so"))

    def through(self, name, suffix, transform, values, target_shape, dtypes):
        """The transform of an array; it must not write outside the window given to it.

        Where the function takes strides, for d or for y, the array is a window of a larger one.
        """
        symbol, parameters = self.functions[name, f"{transform}_{suffix}"]
        larger, target = window(np.zeros(target_shape), dtypes[1])
        source = window(values, dtypes[0])[1] if parameters[0] == "d" else np.ascontiguousarray(values, dtypes[0])
        if parameters[-1] != "y" and not parameters[-1].startswith("y_"):
            larger = target = np.zeros(target_shape, dtypes[1])
        given = {"d": source.strides[:-1], "y": target.strides[:-1]}
        arguments = []
        for parameter in parameters:
            letter, _, stride = parameter.partition("_stride")
            if parameter.endswith("stride") or stride:
                bytes_apart = given[letter][int(stride or 0)]
                arguments.append(ctypes.c_ssize_t(bytes_apart // (source if letter == "d" else target).itemsize))
            else:
                arguments.append(ctypes.c_void_p((target if arguments else source).ctypes.data))
        function = self.library[symbol]
        function.restype = None
        function(*arguments)
        result = target.copy()
        if larger is not target:
            target[...] = 77
            assert (larger == 77).all()
        return result


def window(values, dtype):
    """The values as a window of a larger array of another number."""
    larger = np.full([size + 2 + axis for axis, size in enumerate(values.shape)], 77, dtype=dtype)
    view = larger[tuple(slice(1, 1 + size) for size in values.shape)]
    view[...] = values
    return larger, view


def shape(name, attribute):
    """The shape of the outputs "m", the taps "r", the data "n" or the products "rank"."""
    return made(name).output.tile if attribute == "rank" else getattr(made(name), attribute)


def kronecker(matrices):
    return reduce(lambda left, right: np.array(np.kron(left, right), dtype=object), matrices)


def fractions(values):
    """The numbers of an array, row by row, as Fractions."""
    return np.array([Fraction(float(x)) for x in values.flat], dtype=object)


def assert_near(got, exact, steps, magnitudes, dtype):
    """Each term of an exact sum has met at most so many roundings, and the terms' magnitudes add up to `magnitudes`.

    k roundings with unit u change a term by at most g_k = k u / (1 - k u) of itself.
    """
    unit = steps * Fraction(float(np.finfo(dtype).eps)) / 2
    errors = [abs(Fraction(float(x)) - y) for x, y in zip(got.flat, exact, strict=True)]
    assert all(error <= unit / (1 - unit) * size for error, size in zip(errors, magnitudes, strict=True))
