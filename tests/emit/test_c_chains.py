# SPDX-License-Identifier: Apache-2.0
"""C headers of algorithms with chains: tables and functions per stage beside those that compute a map at once."""

from __future__ import annotations

import ctypes
import re
import subprocess
from dataclasses import replace
from fractions import Fraction
from math import prod

import numpy as np
import pytest
from c_headers import (
    CC,
    CHAINED,
    CLASSIC,
    COMPILERS,
    PLAIN,
    WARNINGS,
    assert_near,
    compile_with,
    fractions,
    functions,
    header,
    kronecker,
    made,
    needs_cc,
    shape,
    wrapped,
)
from sympy.polys.domains import QQ

from wincraft import LinearMap, nest, render, winograd
from wincraft.algorithm.entries import matrix_to_numpy
from wincraft.construct import change_basis, programs_for
from wincraft.exact import diagonal
from wincraft.files import identifier
from wincraft.measure.execution import execute
from wincraft.measure.rounded_machine import RoundedMachine
from wincraft.numbers import C_ORDER, FORMATS, Arithmetic
from wincraft.quantise import Workload, simulate

MAPS = {"filter": "G", "input": "BT", "output": "AT"}
FLOATS = [("f32", np.float32), ("f64", np.float64)]


def chains(name, transform):
    """The chain of a map along every axis."""
    return [getattr(axis, transform) for axis in made(name).factors]


def stage_matrices(name, transform):
    """For every stage that runs along some axis its exact matrix along each; the identity where an axis has none."""
    items = chains(name, transform)
    count = max(len(item.stages) for item in items)
    return [
        [
            matrix_to_numpy(item.stages[t], object) if t < len(item.stages) else np.eye(item.shape[0], dtype=object)
            for item in items
        ]
        for t in range(count)
    ]


def lengths(matrices, axis):
    return tuple(matrix.shape[axis] for matrix in matrices)


CASES = [
    pytest.param(name, transform, id=f"{name}: {transform}")
    for name in CHAINED
    for transform in MAPS
    if len(stage_matrices(name, transform)) > 1
]


# --- the text ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLAIN)
def test_maps_of_one_stage_have_no_stage_functions(name):
    assert "stage" not in header(name).lower()


def test_a_chain_adds_to_the_header_and_changes_nothing_else():
    for name, plain in (("legendre", "points"), ("legendre, scaled", "integer")):
        staged = made(name)
        axes = [winograd(4, 3, points=CLASSIC[6], convention=axis.convention) for axis in staged.factors]
        bare = render(axes[0] if len(axes) == 1 else nest(*axes), "c")
        hashed = ("/* wincraft", " * sha256", "#define WINCRAFT_F4", "#elif", " * Bounds are those", " * WINCRAFT_F4")
        lines, kept = ({line.removesuffix(" */") for line in text.splitlines()} for text in (bare, header(name)))
        missing = lines - kept
        assert all(line.startswith(hashed) or line.startswith("/* ") for line in missing), (plain, missing)
        at_once = re.sub(r", in one step by the product of its stages:", ":", header(name))
        tables = r"^static const.*?^\};"
        assert set(re.findall(tables, bare, re.M | re.S)) <= set(re.findall(tables, header(name), re.M | re.S))
        pattern = r"/\*(?:(?!\*/).)*\*/\nstatic inline.*?^\}"
        assert set(re.findall(pattern, bare, re.M | re.S)) <= set(re.findall(pattern, at_once, re.M | re.S))


@pytest.mark.parametrize(("name", "transform"), CASES)
@pytest.mark.parametrize(("suffix", "dtype"), FLOATS)
def test_stage_tables_are_the_exact_entries_rounded_once(name, transform, suffix, dtype):
    algorithm, letters = made(name), MAPS[transform]
    several = len(set(algorithm.factors)) > 1
    for number, (axis, item) in enumerate(zip(algorithm.factors, chains(name, transform), strict=True)):
        ending = f"_axis{algorithm.factors.index(axis)}" if several else ""
        read = {}
        for match in re.finditer(
            rf"_{letters}(\d*)_{suffix}{ending}\[(\d+)\]\[(\d+)\] = \{{(.*?)\n\}};", header(name), re.DOTALL
        ):
            body = re.sub(r"/\*.*?\*/", "", match[4], flags=re.DOTALL)
            numbers = [dtype(text.rstrip("F")) for text in re.findall(r"[^\s{},]+", body)]
            read[match[1]] = np.array(numbers).reshape(int(match[2]), int(match[3]))
        count = len(item.stages)
        assert list(read) == ["", *(map(str, range(count)) if count > 1 else [])], number
        for key, values in read.items():
            exact = item.stages[int(key)] if key else item.dense
            np.testing.assert_array_equal(values, matrix_to_numpy(exact, dtype))


def test_exact_entries_of_a_stage_stand_beside_the_rounded_ones():
    assert re.search(
        r"\{0\.0857142881F, +0\.0F, +-0\.857142866F, .*\}, /\* 3/35 +0 +-6/7 +0 +1 +0 \*/", header("legendre")
    )


def additions(text, symbol):
    return int(re.search(rf"(\d+) additions? and \d+ multiplications?\..*\n?static inline void {symbol}\(", text)[1])


def test_additions_of_the_butterfly_of_eight_points():
    text = header("butterfly")
    for transform, total, at_once in (("input", 24, 21), ("output", 20, 18), ("filter", 9, 12)):
        parts = [additions(text, f"wincraft_f6_3_{transform}_stage{t}_f32") for t in (0, 1)]
        assert sum(parts) == total
        assert additions(text, f"wincraft_f6_3_{transform}_f32") == at_once


@pytest.mark.slow_cases("cube, stages that grow: filter")
@pytest.mark.parametrize(("name", "transform"), CASES)
def test_stated_bounds_of_stages_are_the_largest_row_norms(name, transform):
    matrices = stage_matrices(name, transform)
    for t, stage in enumerate(matrices):
        pattern = rf"^/\* Stage {t} of the {transform} transform .*\n.*\n \* \|\w\| <= (\S+) max\|\w\|( \(\S+\))?\.$"
        stated, exact = re.search(pattern, header(name), re.MULTILINE).groups()
        norm = max(abs(kronecker(stage)).sum(axis=1))
        if transform == "output" and t == len(matrices) - 1:
            norm /= abs(Fraction(str(made(name).scale)))
        assert norm <= Fraction(stated) <= norm * Fraction(1001, 1000)
        if exact and "sqrt" not in exact:
            assert Fraction(exact.strip(" ()")) == norm


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("legendre", ["X = G0 g", "V = G1 X", "X = BT0 d", "U = BT1 X", "X = AT0 M", "Y = AT1 X"]),
        ("legendre, scaled", ["X = BT0 d BT0^T", "U = BT1 X BT1^T", "X = AT0 M AT0^T", "Y = AT1 X AT1^T / 576"]),
        (
            "rectangle, one and two stages",
            [
                "X = G_axis0 g G0_axis1^T",
                "V = X G1_axis1^T",
                "X = BT_axis0 d BT0_axis1^T",
                "U = X BT1_axis1^T",
                "X = AT_axis0 M AT0_axis1^T",
                "Y = X AT1_axis1^T",
            ],
        ),
        (
            "cube, the middle in one stage",
            [
                "X = (G0_axis0 (x) G_axis1 (x) G0_axis2) g",
                "V = (G1_axis0 (x) I (x) G1_axis2) X",
                "X = (BT0_axis0 (x) BT_axis1 (x) BT0_axis2) d",
                "U = (BT1_axis0 (x) I (x) BT1_axis2) X",
                "X = (AT_axis0 (x) AT_axis1 (x) AT0_axis2) M",
                "Y = (I (x) I (x) AT1_axis2) X",
            ],
        ),
    ],
)
def test_formulas_name_the_tables(name, expected):
    pattern = r"^/\* Stage \d+ of the \w+ transform (.*):$"
    single = header(name).partition("/* double")[0]
    assert re.findall(pattern, single, re.MULTILINE) == expected
    for table in set(re.findall(r"\b(?:AT|BT|G)\d*(?:_axis\d)?\b", " ".join(expected))):
        matrix, _, axis = table.partition("_")
        assert re.search(rf"_{matrix}_f32{axis and '_'}{axis}\[", single), table


def test_chains_of_different_lengths_are_said():
    sentence = "Where the axes' chains differ in length, stage t runs along the axes that have a stage t."
    assert [name for name in CHAINED if sentence in header(name)] == [
        "rectangle",  # the legendre basis of two outputs is the identity, and no stage
        "rectangle, one and two stages",
        "rectangle, nine and two stages",
        "cube, the middle in one stage",
    ]


def test_integers_have_no_stages_and_say_so():
    for name in CHAINED:
        if "sqrt" not in name:
            integers = header(name).partition("/* integer ---")[2]
            assert "No functions per stage: values between stages are rational" in integers
            assert "_stage" not in integers


def test_a_stage_that_a_type_cannot_hold_is_omitted_and_said():
    plain = winograd(2, 3)
    tiny = diagonal([QQ(1, 10**40)] * 4, QQ)
    text = render(replace(plain, input=LinearMap.of(tiny, plain.input.dense * tiny.inv())), "c")
    assert "Omitted: BT0[0][0] of F(2,3) is outside the normal range of float." in text
    assert "_input_stage0_f64(d, d1);" in text
    assert not any(name.endswith("f32") for name, _ in functions(text))


def test_headers_that_differ_in_their_stages_refuse_to_compile_together():
    guards = [
        re.search(r"^#define \w+_H (0x\w+u)$", render(item, "c"), re.MULTILINE)[1]
        for item in (
            winograd(4, 3, points=CLASSIC[6]),
            made("legendre"),
            change_basis(made("legendre"), input="chebyshev"),
        )
    ]
    assert len(set(guards)) == 3


# --- what the functions compute ---------------------------------------------------------------------------------------


@pytest.mark.slow_cases("f64-float64-cube, stages that grow", "f32-float32-cube, stages that grow")
@needs_cc
@pytest.mark.parametrize(("name", "transform"), CASES)
@pytest.mark.parametrize(("suffix", "dtype"), FLOATS)
def test_stages_alone_and_one_after_the_other(library, name, transform, suffix, dtype, capfd):
    """Every stage is near its own exact matrix, and all of them near the map: the same bound as for a map at once."""
    rng = np.random.default_rng(13)
    matrices = stage_matrices(name, transform)
    value = first = rng.integers(-128, 128, lengths(matrices[0], 1)).astype(dtype) / dtype(8)
    exact, magnitudes, steps = fractions(first), abs(fractions(first)), 0
    for t, stage in enumerate(matrices):
        after, K = lengths(stage, 0), kronecker(stage)
        last = 3 if transform == "output" and t == len(matrices) - 1 else 0
        over = Fraction(str(made(name).scale)) if last else 1
        given = rng.integers(-128, 128, value.shape).astype(dtype) / dtype(8)
        alone = library.through(name, suffix, f"{transform}_stage{t}", given, after, (dtype, dtype))
        own = sum(size + 1 for size in lengths(stage, 1)) + last
        assert_near(alone, K @ fractions(given) / over, own, abs(K) @ abs(fractions(given)) / abs(over), dtype)
        value = library.through(name, suffix, f"{transform}_stage{t}", value, after, (dtype, dtype))
        exact, magnitudes, steps = K @ exact / over, abs(K) @ magnitudes / abs(over), steps + own
        assert_near(value, exact, steps, magnitudes, dtype)
    whole = kronecker([matrix_to_numpy(item.dense, object) for item in chains(name, transform)]) @ fractions(first)
    if "sqrt" not in name:
        assert (whole / over == exact).all()
    at_once = library.through(name, suffix, transform, first, value.shape, (dtype, dtype))
    assert_near(at_once, exact, steps, magnitudes, dtype)
    assert capfd.readouterr().err == ""


def recipes(name):
    """The C lines that the first comment gives for every transform."""
    title = header(name).partition("*/")[0]
    found = re.findall(r"^ \*     the (\w+) transform, stage by stage:\n((?: \*         .*\n?)+)", title + "\n", re.M)
    return {transform: re.sub(r"^ \*", "", lines, flags=re.M) for transform, lines in found}


@needs_cc
@pytest.mark.parametrize("name", CHAINED)
def test_the_calls_in_the_first_comment_compile_and_compute_the_transform(library, name, tmp_path):
    prefix = identifier(made(name))
    parameters = dict(functions(header(name)))
    given = recipes(name)
    assert list(given) == [transform for transform in MAPS if len(stage_matrices(name, transform)) > 1]
    (tmp_path / "h.h").write_text(header(name))
    source = '#include "h.h"\n' + "".join(
        f"void {transform}({parameters[f'{prefix}_{transform}_f32']});\n"
        f"void {transform}({parameters[f'{prefix}_{transform}_f32']})\n{{\n{lines}}}\n"
        for transform, lines in given.items()
    )
    (tmp_path / "recipe.c").write_text(source)
    command = [CC, "-std=c99", *WARNINGS, "-O1", "-ffp-contract=off", "-shared", "-fPIC", "recipe.c", "-o", "recipe.so"]
    built = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert built.returncode == 0, built.stderr
    compiled = ctypes.CDLL(str(tmp_path / "recipe.so"))
    for transform in given:
        matrices = stage_matrices(name, transform)
        value = np.random.default_rng(5).standard_normal(lengths(matrices[0], 1)).astype(np.float32)
        target = np.zeros(lengths(matrices[-1], 0), np.float32)
        arguments = [ctypes.c_void_p(value.ctypes.data), ctypes.c_void_p(target.ctypes.data)]
        strides = [ctypes.c_ssize_t(step // 4) for step in (target if transform == "output" else value).strides[:-1]]
        place = {"filter": 0, "input": 1, "output": 2}[transform]
        arguments[place:place] = strides if place else []
        compiled[transform].restype = None
        compiled[transform](*arguments)
        for t, stage in enumerate(matrices):
            value = library.through(name, "f32", f"{transform}_stage{t}", value, lengths(stage, 0), (np.float32,) * 2)
        np.testing.assert_array_equal(target, value)


@needs_cc
@pytest.mark.parametrize("name", ["legendre, images", "rectangle, nine and two stages", "cube, stages that grow"])
def test_the_stages_compute_the_convolution(library, name):
    rng = np.random.default_rng(3)
    d, g = (rng.integers(-8, 9, shape(name, attribute)).astype(float) for attribute in ("n", "r"))

    def chain(transform, value):
        for t, stage in enumerate(stage_matrices(name, transform)):
            value = library.through(name, "f64", f"{transform}_stage{t}", value, lengths(stage, 0), (np.float64,) * 2)
        return value

    Y = chain("output", chain("input", d) * chain("filter", g))
    windows = np.lib.stride_tricks.sliding_window_view(d, g.shape)
    np.testing.assert_allclose(Y, np.tensordot(windows, g, g.ndim), rtol=0, atol=1e-10 * prod(g.shape))


@pytest.mark.slow
@pytest.mark.parametrize(
    "compiler",
    [COMPILERS[0], *(pytest.param(*item.values, marks=[*item.marks, pytest.mark.slow]) for item in COMPILERS[1:])],
)
def test_line_functions_of_stages_compile_at_full_optimisation(compiler, tmp_path):
    names = {identifier(made(name)): name for name in CHAINED}
    suffix = ".cpp" if "++" in compiler else ".c"
    for number, name in enumerate(names.values()):
        (tmp_path / f"h{number}.h").write_text(header(name))
        source = f'#include "h{number}.h"\n' + wrapped(header(name), "called_")
        (tmp_path / f"all{number}{suffix}").write_text(source)
    options = ["-O2", "-Wmissing-declarations", "-Wshadow", "-c"]
    compile_with(compiler, [f"all{number}{suffix}" for number in range(len(names))], *options, cwd=tmp_path)


# --- the same bits as a simulation ------------------------------------------------------------------------------------


def stored_values(name, run):
    """What a run by a watched machine holds at every place, as float32 (taps..., tiles), of one channel."""
    seen = {}
    run(lambda place, value: seen.update({str(place): np.asarray(value, dtype=np.float32)}))
    return {
        place: (value[..., 0, 0] if place in ("weights", "V") or place.startswith("weights") else value[..., 0, :])
        for place, value in seen.items()
    }


def simulated(name):
    """By the simulation, of fp32 in the order of C headers."""
    data = Workload(channels=1, outputs=1, tiles=3, seed=4)
    return lambda watch: simulate(made(name), "fp32,order=circuit", data, watch=watch)


def of_float_error(name):
    """By the machine of the float error."""
    rng, machine = (
        np.random.default_rng(5),
        RoundedMachine(Arithmetic(FORMATS["fp32"]), programs=programs_for(made(name), C_ORDER)),
    )
    d = rng.uniform(-1, 1, (*shape(name, "n"), 1, 3)).astype(np.float32)
    g = rng.uniform(-1, 1, (*shape(name, "r"), 1, 1)).astype(np.float32)
    return lambda watch: execute(made(name).maps, made(name).scale, machine, d, g, watch)


@needs_cc
@pytest.mark.parametrize("run", [simulated, of_float_error])
@pytest.mark.parametrize(
    "name", ["legendre, images", "legendre, scaled", "cube, stages that grow", "F(2x4,3x5)", "F(6x6,3x3)"]
)
def test_simulation_float_error_and_compiled_stages_hold_the_same_bits(library, name, run):
    """Stage by stage, each along all axes in turn, line by line, operation by operation."""
    values = stored_values(name, run(name))
    taps, outputs = shape(name, "rank"), shape(name, "m")

    def through(transform, value, target):
        stages = stage_matrices(name, transform)
        for t, stage in enumerate(stages):
            function, after = (f"{transform}_stage{t}", lengths(stage, 0)) if len(stages) > 1 else (transform, target)
            value = library.through(name, "f32", function, value, after, (np.float32,) * 2)
        return value

    V = through("filter", values["weights"], taps)
    np.testing.assert_array_equal(V, values["V"])
    for tile in range(3):
        U = through("input", values["input"][..., tile], taps)
        np.testing.assert_array_equal(U, values["U"][..., tile])
        M = U * V
        np.testing.assert_array_equal(M, values["M"][..., tile])
        if "output" in values:
            np.testing.assert_array_equal(through("output", M, outputs), values["output"][..., tile])


@needs_cc
def test_other_orders_have_other_bits(library):
    """The test above would see them."""
    name, machine = "legendre, images", RoundedMachine(Arithmetic(FORMATS["fp32"]), "sequential")
    rng = np.random.default_rng(5)
    d = rng.uniform(-1, 1, (*shape(name, "n"), 1, 3)).astype(np.float32)
    seen = {}
    execute(
        made(name).maps,
        made(name).scale,
        machine,
        d,
        np.ones((*shape(name, "r"), 1, 1)),
        lambda place, value: seen.update({str(place): value}),
    )
    value = d[..., 0, 0]
    for t, stage in enumerate(stage_matrices(name, "input")):
        value = library.through(name, "f32", f"input_stage{t}", value, lengths(stage, 0), (np.float32,) * 2)
    assert (value != seen["U"][..., 0, 0]).any()
