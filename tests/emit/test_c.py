# SPDX-License-Identifier: Apache-2.0
"""C headers: they compile everywhere without a warning, and what they compute is what was proved."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from c_headers import (
    CC,
    COMPILERS,
    MAKERS,
    assert_near,
    compile_with,
    fractions,
    functions,
    header,
    kronecker,
    made,
    needs_cc,
    shape,
)

from wincraft import Algorithm, render, winograd
from wincraft.files import identifier

EXAMPLES = Path(__file__).parents[2] / "examples"


# --- the text ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow_cases("F(2x4,3x5)", "legendre, sqrt(2)")
@pytest.mark.parametrize("name", MAKERS)
def test_every_symbol_and_macro_has_the_prefix(name):
    text, prefix = header(name), identifier(made(name))
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    symbols = re.findall(r"^static (?:inline|const) \w+ (\w+)", code, re.MULTILINE)
    macros = re.findall(r"^\s*#\s*define (\w+)", code, re.MULTILINE)
    assert symbols
    assert all(symbol.startswith(f"{prefix}_") for symbol in symbols)
    shared = {f"WINCRAFT_CONTRACT{kind}{place}" for kind in ("", "_CASE") for place in ("", "_BODY")}
    own = set(macros) - shared  # all headers share them, behind #ifndef
    assert all(macro.startswith(f"{prefix.upper()}_") for macro in own)
    assert "restrict" not in code


@needs_cc
def test_the_object_file_has_only_prefixed_symbols(tmp_path):
    (tmp_path / "h.h").write_text(header("F(2x4,3x5)"))
    (tmp_path / "all.c").write_text('#include "h.h"\n')
    if shutil.which("nm") is None:
        pytest.skip("nm is not installed")
    compile_with(CC, ["all.c"], "-c", "-Dstatic=", "-Dinline=", cwd=tmp_path)
    listed = subprocess.run(["nm", "all.o"], capture_output=True, text=True, cwd=tmp_path, check=True).stdout.split(
        "\n"
    )
    defined = [line.split()[-1].removeprefix("_") for line in listed if line and " U " not in line]
    assert len(defined) > 30
    assert all(symbol.startswith("wincraft_f2x4_3x5_") for symbol in defined)


@pytest.mark.parametrize("name", MAKERS)
def test_same_bytes_no_path_no_time(name):
    text = header(name)
    assert render(MAKERS[name](), "c") == text
    assert not re.search(r"/(tmp|home|usr|work|root)\b|[A-Z]:\\|\d{4}-\d\d-\d\d|\d\d:\d\d", text)
    assert text.isascii()
    assert text.endswith("\n")
    assert not re.search(r"[ \t]$", text, re.MULTILINE)


def test_first_lines_are_the_command_and_the_hash():
    first, second, *_ = header("F(4x4,3x3), lavin").splitlines()
    assert first.endswith(': wincraft generate "F(4x4,3x3)" --moduli "0,1,-1,2,-2,inf" --convention lavin --format c')
    assert second == f" * sha256 {made('F(4x4,3x3), lavin').sha256}"


def test_comments_cannot_be_closed_from_within():
    (recipe,) = made("F(2,3)").recipe
    text = render(replace(made("F(2,3)"), recipe=(replace(recipe, convention="x */ int intruder; /* y"),)), "c")
    assert "intruder" not in re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    assert text.count("/*") == text.count("*/")


def test_what_a_type_cannot_hold_is_omitted_and_said():
    text = render(winograd(50, 3), "c")
    assert re.search(r"Omitted: AT\[\d+\]\[\d+\] of F\(50,3\) is outside the normal range of float\.", text)
    assert re.search(r"Omitted: one channel of int8 data and filters can reach \S+, beyond int64_t\.", text)
    assert {re.search(r"f32|f64|int$|i8|i32|i64", name)[0] for name, _ in functions(text)} == {"f64"}


def test_tiny_entries_are_omitted_and_said():
    text = render(winograd(5, 1, points="0,1,-1,1/100000000000"), "c")
    assert "Omitted: AT[4][3] of F(5,1) is outside the normal range of float." in text
    assert "_AT_f64" in text


def test_integers_over_a_field_are_omitted_and_said():
    text = header("F(4x4,3x3), sqrt(2)")
    assert "Omitted: entries of F(4x4,3x3) lie in QQ<sqrt(2)>, no scaling makes them integer." in text
    assert "int8_t" not in re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("name", MAKERS)
def test_stated_costs_are_those_of_the_code(name):
    cost, signature = r"\. (\d+) additions? and (\d+) multiplications?\.", r"static inline void \w+_line_\w+\([^)]*\)"
    pattern = rf"{cost}[^*]*\*/\n{signature}\n(?:    WINCRAFT_CONTRACT\w*\([^)]*\)\n)*\{{(.*?)\n\}}"
    found = re.findall(pattern, header(name), re.DOTALL)
    assert len(found) == sum("_line_" in function for function, _ in functions(header(name)))
    for additions, multiplications, body in found:
        sums = " ".join(re.findall(r"(?<== )[^;]*", re.sub(r"const \w+ \w+ = \w+\[[^;]*;", "", body)))
        sums = re.sub(r"(?<=e)[+-]", "", sums)
        assert (int(additions), int(multiplications)) == (len(re.findall(r" [+-] ", sums)), sums.count("*"))


def test_stated_costs_of_nested_transforms():
    text = header("F(4x4,3x3), lavin").partition("/* double ---")[0]
    lines = dict(re.findall(r"One line of the (\w+) transform.*\n.*?\. (\d+ additions and \d+) mul", text))
    tiles = dict(re.findall(r"^/\* (\w+) transform .*\n.*\n.*\n \* (\d+ additions and \d+) mul", text, re.MULTILINE))
    for name, passes in (("filter", 3 + 6), ("input", 6 + 6), ("output", 6 + 4)):
        line, tile = (list(map(int, re.findall(r"\d+", texts))) for texts in (lines[name], tiles[name.capitalize()]))
        assert tile == [passes * count for count in line]


# --- the tables -------------------------------------------------------------------------------------------------------


def tables(name, suffix):
    """The tables of one arithmetic, read back from the header: one {AT, G, BT} of literals per axis."""
    algorithm = made(name)
    pattern = rf"_(AT|G|BT)_{suffix}(_axis\d)?\[(\d+)\]\[(\d+)\] = \{{(.*?)\n\}};"
    read = {}
    for matrix, axis, rows, columns, body in re.findall(pattern, header(name), re.DOTALL):
        numbers = re.findall(r"[^\s{},]+", re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL))
        read[matrix, axis] = np.array(numbers, dtype=object).reshape(int(rows), int(columns))
    different = len(set(algorithm.factors)) > 1
    axes = [f"_axis{algorithm.factors.index(axis)}" if different else "" for axis in algorithm.factors]
    return [{matrix: read[matrix, axis] for matrix in ("AT", "G", "BT")} for axis in axes] if read else []


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(("suffix", "dtype"), [("f32", np.float32), ("f64", np.float64)])
def test_float_tables_are_the_exact_entries_rounded_once(name, suffix, dtype):
    for axis, table in zip(made(name).factors, tables(name, suffix), strict=True):
        for matrix, expected in zip(("AT", "G", "BT"), axis.to_numpy(dtype), strict=True):
            texts = table[matrix]
            assert all(re.fullmatch(r"-?\d+(\.\d+)?(e[+-]\d+)?F?", text) for text in texts.flat)
            assert all(("." in text or "e" in text) and text.endswith("F") == (suffix == "f32") for text in texts.flat)
            values = np.array([dtype(text.rstrip("F")) for text in texts.flat]).reshape(expected.shape)
            np.testing.assert_array_equal(values, expected)


def test_exact_entries_stand_beside_the_rounded_ones():
    text = header("F(6x6,3x3)")
    assert re.search(r"\{-0\.222222224F, +-0\.222222224F, +-0\.222222224F\}, /\* +-2/9 +-2/9 +-2/9 \*/", text)
    assert re.search(r"\{ 0\.711111128F, +0\.355555564F, +0\.177777782F\}, /\* +32/45 +16/45 +8/45 \*/", text)


INTEGER = [name for name in MAKERS if "sqrt(2)" not in name]


@pytest.mark.parametrize("name", INTEGER)
def test_integer_tables_are_proved_and_as_small_as_the_integer_convention(name):
    algorithm = made(name)
    scale = 1
    for axis, texts in zip(algorithm.factors, tables(name, "int"), strict=True):
        table = {
            matrix: np.array([int(text) for text in rows.flat]).reshape(rows.shape) for matrix, rows in texts.items()
        }
        scale *= Algorithm.from_matrices(table["AT"], table["G"], table["BT"]).scale
        if axis.moduli is not None:
            expected = winograd(*axis.sizes[0], moduli=axis.moduli, convention="integer").to_numpy("int64")
            for matrix, entries in zip(("AT", "G", "BT"), expected, strict=True):
                np.testing.assert_array_equal(abs(table[matrix]), abs(entries))
    assert macro(name, "SCALE_INT") == scale


def macro(name, what):
    prefix = identifier(made(name)).upper()
    return int(re.search(rf"^#define {prefix}_{what} +(-?\d+)$", header(name), re.MULTILINE)[1])


# --- compilers --------------------------------------------------------------------------------------------------------


@pytest.mark.slow_cases("-clang")
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", MAKERS)
def test_compiles_without_a_warning(name, compiler, tmp_path):
    suffix = ".cpp" if "++" in compiler else ".c"
    (tmp_path / "h.h").write_text(header(name))
    pointers = ",\n".join(f"(void (*)(void)){function}" for function, _ in functions(header(name)))
    (tmp_path / f"unused{suffix}").write_text('#include "h.h"\n#include "h.h"\nint main(void) { return 0; }\n')
    (tmp_path / f"used{suffix}").write_text(
        f'#include "h.h"\nextern void (*all[])(void);\nvoid (*all[])(void) = {{{pointers}}};\n'
    )
    compile_with(compiler, [f"unused{suffix}", f"used{suffix}"], "-c", cwd=tmp_path)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_headers_of_different_sizes_live_together(compiler, tmp_path):
    names = {identifier(made(name)): name for name in MAKERS}
    assert len(names) > 7
    for number, name in enumerate(names.values()):
        (tmp_path / f"h{number}.h").write_text(header(name))
    suffix = ".cpp" if "++" in compiler else ".c"
    text = "".join(f'#include "h{number}.h"\n' for number in range(len(names)))
    (tmp_path / f"together{suffix}").write_text(text)
    compile_with(compiler, [f"together{suffix}"], "-O2", "-c", cwd=tmp_path)


# --- what the functions compute ---------------------------------------------------------------------------------------


@needs_cc
@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(("suffix", "dtype"), [("f32", np.float32), ("f64", np.float64)])
def test_float_functions_are_within_their_rounding_bound(library, name, suffix, dtype, capfd):
    """A term of an output meets, per axis, its coefficient's rounding, its product's and one per further addition.

    The exact values come from the proved algorithm in Fractions.
    """
    algorithm, rng = made(name), np.random.default_rng(7)
    AT, G, BT = (
        kronecker(matrices) for matrices in zip(*(axis.to_numpy(object) for axis in algorithm.factors), strict=True)
    )
    n, r, m, ranks = (shape(name, attribute) for attribute in ("n", "r", "m", "rank"))
    d, g = (rng.integers(-128, 128, size).astype(dtype) / dtype(8) for size in (n, r))
    V = library.through(name, suffix, "filter", g, ranks, (dtype, dtype))
    U = library.through(name, suffix, "input", d, ranks, (dtype, dtype))
    Y = library.through(name, suffix, "output", U * V, m, (dtype, dtype))
    exact_d, exact_g = fractions(d), fractions(g)
    steps_V, steps_U, steps_Y = (sum(size + 1 for size in sizes) for sizes in (r, n, ranks))
    assert_near(V, G @ exact_g, steps_V, abs(G) @ abs(exact_g), dtype)
    assert_near(U, BT @ exact_d, steps_U, abs(BT) @ abs(exact_d), dtype)
    expected = np.array(algorithm.apply(exact_d.reshape(n).tolist(), exact_g.reshape(r).tolist()), dtype=object)
    expected = [Fraction(int(x.p), int(x.q)) for x in expected.flat]
    products = (abs(G) @ abs(exact_g)) * (abs(BT) @ abs(exact_d))
    scale = abs(Fraction(str(algorithm.scale)))
    assert_near(Y, expected, steps_V + steps_U + steps_Y + 3, abs(AT) @ products / scale, dtype)
    assert capfd.readouterr().err == ""


def integer_setting(name):
    """The Kronecker products of the integer tables, and the C types of V and U."""
    read = tables(name, "int")
    matrices = [
        kronecker(
            [
                np.array([int(x) for x in table[matrix].flat], dtype=object).reshape(table[matrix].shape)
                for table in read
            ]
        )
        for matrix in ("AT", "G", "BT")
    ]
    parameters = dict(functions(header(name)))
    prefix = identifier(made(name))
    types = [
        np.dtype(re.search(rf"(int\d+)_t \*{letter}\b", parameters[f"{prefix}_{transform}_int"])[1])
        for transform, letter in (("filter", "v"), ("input", "u"))
    ]
    return (*matrices, *types)


@needs_cc
@pytest.mark.parametrize("name", INTEGER)
def test_integer_functions_are_exact(library, name, capfd):
    algorithm, rng = made(name), np.random.default_rng(11)
    *_, V_type, U_type = integer_setting(name)
    n, r, m, ranks = (shape(name, attribute) for attribute in ("n", "r", "m", "rank"))
    channels = min(5, macro(name, "MAX_CHANNELS"))
    cases = [[np.full(size, value, dtype=np.int8) for size in (n, r)] for value in (-128, 127)]
    cases += [[rng.integers(-128, 128, size, dtype=np.int8) for size in (n, r)] for _ in range(channels)]
    M = np.zeros(ranks, dtype=np.int64)
    expected = np.zeros(m, dtype=object)
    for d, g in cases[-channels:]:
        V = library.through(name, "int", "filter", g, ranks, (np.int8, V_type))
        U = library.through(name, "int", "input", d, ranks, (np.int8, U_type))
        M += U.astype(np.int64) * V
        expected += np.array(algorithm.apply(d.tolist(), g.tolist()), dtype=object).reshape(m)
    Y = library.through(name, "int", "output", M, m, (np.int64, np.int64))
    assert (expected == Y).all()
    for d, g in cases:
        V = library.through(name, "int", "filter", g, ranks, (np.int8, V_type)).astype(np.int64)
        U = library.through(name, "int", "input", d, ranks, (np.int8, U_type)).astype(np.int64)
        Y = library.through(name, "int", "output", U * V, m, (np.int64, np.int64))
        assert Y.ravel().tolist() == np.array(algorithm.apply(d.tolist(), g.tolist()), dtype=object).ravel().tolist()
    assert capfd.readouterr().err == ""


# --- the example ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compiler", COMPILERS[:2])
@pytest.mark.parametrize("name", ["F(4x4,3x3)", "F(4x4,3x3), integer", "F(4x4,3x3), rank 7"])
def test_example_image(name, compiler, tmp_path):
    (tmp_path / "f4x4.h").write_text(header(name))
    compile_with(compiler, [str(EXAMPLES / "image.c")], "-O2", "-I.", "-o", "image", "-lm", cwd=tmp_path)
    done = subprocess.run([tmp_path / "image"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "integer  0 of 2867 outputs differ" in done.stdout


@pytest.mark.slow
@needs_cc
@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no sh")
def test_example_script():
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    command = ["sh", str(EXAMPLES / "image.sh")]
    done = subprocess.run(command, env={"PATH": path, "CC": CC}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "outputs differ" in done.stdout


def test_two_headers_of_one_size_refuse_to_compile_together(tmp_path):
    compiler = next((name for name in ("gcc", "clang") if shutil.which(name)), None)
    if compiler is None:
        pytest.skip("no C compiler")
    for name, convention in (("a", "wincnn"), ("b", "lavin")):
        (tmp_path / f"{name}.h").write_text(render(winograd(2, 3, convention=convention), "c"))
    command = [compiler, "-std=c99", "-fsyntax-only", "-x", "c", "-"]
    for includes, accepted in (("aa", True), ("ab", False)):
        source = "".join(f'#include "{name}.h"\n' for name in includes)
        done = subprocess.run(command, input=source, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is accepted
        assert accepted or "another F(2,3)" in done.stderr
