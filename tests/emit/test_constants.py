# SPDX-License-Identifier: Apache-2.0
"""Constants for MLIR, LLVM, IREE and TVM: read back and proved, every float the exact entry rounded once."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from fractions import Fraction
from importlib.util import find_spec
from types import ModuleType

import numpy as np
import pytest
from click.testing import CliRunner

import wincraft as wc
from wincraft.cli.main import main
from wincraft.emit import OF_AXES
from wincraft.errors import NotApplicable, TooLarge
from wincraft.exact import to_numbers
from wincraft.rings import over_ring

CONSTANTS = sorted(OF_AXES)
MADE = {
    "F(2x2,3x3)": lambda: wc.parse("F(2x2,3x3)"),
    "F(4x4,3x3)": lambda: wc.parse("F(4x4,3x3)", points="0,1,-1,2,-2"),
    "F(6x6,3x3)": lambda: wc.parse("F(6x6,3x3)"),
    "F(4,3)": lambda: wc.winograd(4, 3),
    "F(2x4,3x5)": lambda: wc.parse("F(2x4,3x5)"),
    "F(4x4,3x3), rank 7": lambda: wc.parse("F(4x4,3x3)", moduli="0,1,-1,x^2+1,inf", nested=True),
    "F(4x4,3x3), sqrt(2)": lambda: wc.parse("F(4x4,3x3)", points="0,1,-1,sqrt(2),-sqrt(2)"),
    "large numerators": lambda: wc.winograd(4, 3, points="0,1,-1,2,-100000001"),
}
CXX = shutil.which("g++") or shutil.which("clang++")


def written(name, format, tmp_path):
    path = tmp_path / f"constants.{format}"
    path.write_text(wc.render(MADE[name](), format))
    return path


def rounded(number):
    """A number rounded once to float32, by NumPy from a decimal of enough digits."""
    return np.float32(str(number.evalf(40)))


def tables(algorithm):
    """The six exact matrices of each axis by their names in C++ and MLIR."""
    for part in dict.fromkeys(algorithm.factors):
        size = "{0}x{0}_{1}x{1}".format(*part.sizes[0])
        for name, turned, item in (("G", "GT", part.filter), ("BT", "B", part.input), ("AT", "A", part.output)):
            rows = to_numbers(item.dense)
            yield f"{name}_{size}", rows
            yield f"{turned}_{size}", list(zip(*rows, strict=True))


@pytest.mark.parametrize("format", CONSTANTS)
@pytest.mark.parametrize("name", MADE)
def test_they_are_read_back_and_proved(name, format, tmp_path):
    path, algorithm = written(name, format, tmp_path), MADE[name]()
    again = wc.read(path)
    assert again.sizes == algorithm.sizes
    exact = format != "tvm" or algorithm.field.rational  # Python has no exact roots
    assert not exact or (again.AT, again.G, again.BT) == (algorithm.AT, algorithm.G, algorithm.BT)


@pytest.mark.parametrize("name", MADE)
def test_the_constants_of_mlir_are_the_entries_rounded_once(name):
    text = re.sub(r"//.*", "", wc.render(MADE[name](), "mlir"))
    found = {}
    for symbol, body, rows, columns in re.findall(
        r"%(\w+) = arith\.constant dense<\[(.*?)\]> : tensor<(\d+)x(\d+)xf32>", text, re.DOTALL
    ):
        literals = re.findall(r"[^\[\],\s]+", body)
        assert all(re.fullmatch(r"-?\d+\.\d+(e[-+]\d+)?", item) for item in literals), "MLIR asks for a point"
        found[symbol] = np.array(literals, dtype=np.float32).reshape(int(rows), int(columns))
    wanted = dict(tables(MADE[name]()))
    assert list(found) == list(wanted)
    for symbol, rows in wanted.items():
        np.testing.assert_array_equal(found[symbol], [[rounded(number) for number in row] for row in rows])


@pytest.mark.skipif(not CXX, reason="no C++ compiler is installed")
@pytest.mark.parametrize("format", ["linalg", "iree"])
@pytest.mark.parametrize("name", MADE)
def test_a_compiler_makes_the_entries_rounded_once_of_the_arrays(name, format, tmp_path):
    text, wanted = wc.render(MADE[name](), format), dict(tables(MADE[name]()))
    space = "using namespace mlir::iree_compiler::IREE::LinalgExt::Winograd;" if format == "iree" else ""
    prints = "".join(f'for (float x : {symbol}) std::printf("%a ", x); std::puts("");' for symbol in wanted)
    source = f"{text}\n{text}\n#include <cstdio>\n{space}\nint main() {{ {prints} }}\n"
    (tmp_path / "constants.cpp").write_text(source)
    command = [CXX, "-std=c++17", "-Wall", "-Wextra", "-Werror", "constants.cpp", "-o", "constants"]
    subprocess.run(command, cwd=tmp_path, check=True)
    lines = subprocess.run(["./constants"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    for line, rows in zip(lines.splitlines(), wanted.values(), strict=True):
        assert [float.fromhex(item) for item in line.split()] == [float(rounded(x)) for row in rows for x in row]


@pytest.mark.parametrize("name", [name for name in MADE if name != "large numerators"])
def test_tvm_gets_its_matrices_in_its_orientation(name, monkeypatch):
    utils = ModuleType("tvm.topi.utils")
    utils.const_matrix = lambda matrix, name: (name, matrix)
    for module in ("tvm", "tvm.topi"):
        monkeypatch.setitem(sys.modules, module, ModuleType(module))
    monkeypatch.setitem(sys.modules, "tvm.topi.utils", utils)
    space, algorithm = {}, MADE[name]()
    exec(wc.render(algorithm, "tvm"), space)
    for part in dict.fromkeys(algorithm.factors):
        m, r = part.sizes[0]
        (a, A), (b, B), (g, G) = space["winograd_transform_matrices"](m, r, "float32")
        assert (a, b, g) == ("A", "B", "G")
        rng = np.random.default_rng(0)
        d, taps = rng.integers(-9, 10, m + r - 1), rng.integers(-9, 10, r)
        found = A.T.astype(float) @ ((G @ taps) * (B.T @ d))
        np.testing.assert_allclose(found, np.correlate(d, taps, "valid"), rtol=1e-3, atol=1e-2)
        for given, rows in ((A.T, part.output), (B.T, part.input), (G, part.filter)):
            exact = [[rounded(number) for number in row] for row in to_numbers(rows.dense)]
            np.testing.assert_array_equal(given, exact)
    with pytest.raises(ValueError, match="not of"):
        space["winograd_transform_matrices"](9, 9, "float32")


@pytest.mark.parametrize("format", CONSTANTS)
def test_the_scale_goes_into_the_output_transform(format, tmp_path):
    path = tmp_path / "scaled"
    path.write_text(wc.render(wc.parse("F(4x4,3x3)", points="0,1,-1,2,-2", convention="integer"), format))
    assert "A^T is divided by the scale 24" in path.read_text()
    again = wc.read(path)
    assert again.scale == 1
    assert again.factors[0].AT[0, 0] == Fraction(1, 24)
    assert again.factors[0].BT[0, 0] == 4


@pytest.mark.parametrize("format", CONSTANTS)
def test_what_has_no_matrices_of_an_axis_is_refused(format):
    with pytest.raises(NotApplicable, match=f"{format} output of F.4x4,3x3.: its maps take whole tiles"):
        wc.render(wc.parse("F(4x4,3x3)", moduli="0,1,-1,x^2+1,inf"), format)
    with pytest.raises(NotApplicable, match="have different points"):
        wc.render(wc.parse("F(4x4,3x3)", points="0,1,-1,2,-2;0,1,-1,1/2,-1/2"), format)
    with pytest.raises(NotApplicable, match="transpose"):
        wc.render(wc.winograd(2, 3).transpose(), format)
    with pytest.raises(NotApplicable, match="GF"):
        wc.render(over_ring(wc.winograd(3, 3, points="0,1,2,3"), "GF(7)"), format)


@pytest.mark.parametrize("format", ["mlir", "linalg", "iree"])
def test_entries_beyond_float32_are_refused(format):
    for points in ("0,1,-1,2,-2,3," + "9" * 40, "0,1,-1,2,-2,3,1/" + "9" * 40):
        with pytest.raises(TooLarge, match=f"float32 in {format} output"):
            wc.render(wc.winograd(6, 3, points=points), format)


def test_a_changed_digit_in_mlir_is_no_rounded_entry(tmp_path):
    text = wc.render(wc.winograd(4, 3, points="0,1,-1,2,-2"), "mlir")
    path = tmp_path / "changed.mlir"
    path.write_text(text.replace("-0.166666672", "-0.266666672"))
    assert CliRunner().invoke(main, ["verify", str(path)]).exit_code == 1


def test_a_suffix_says_mlir(tmp_path):
    wc.write(wc.winograd(2, 3), tmp_path / "f.mlir")
    assert (tmp_path / "f.mlir").read_text() == wc.render(wc.winograd(2, 3), "mlir")


@pytest.mark.skipif(not find_spec("iree"), reason="the compiler of IREE is not installed")
def test_mlir_itself_reads_the_constants():
    from iree.compiler import ir

    algorithm = MADE["F(6x6,3x3)"]()
    with ir.Context():
        module = ir.Module.parse(wc.render(algorithm, "mlir"))
        found = [np.array(ir.DenseElementsAttr(op.attributes["value"])) for op in module.body.operations]
    for given, rows in zip(found, dict(tables(algorithm)).values(), strict=True):
        np.testing.assert_array_equal(given, [[rounded(number) for number in row] for row in rows])
