# SPDX-License-Identifier: Apache-2.0
"""The functions of Triton, CUDA and HIP texts are run, on the CPU, and compute the exact matrices."""

from __future__ import annotations

import ast
import ctypes
import os
import re
import shutil
import sys
from fractions import Fraction
from importlib.util import find_spec
from types import ModuleType

import numpy as np
import pytest
from program_texts import IRRATIONAL, MAKERS, MAPS, done, emitted, made, matrix

from wincraft import Algorithm, winograd
from wincraft.errors import NotApplicable, TooLarge, WrongForm

NAMES = [*MAKERS, *IRRATIONAL]
TRANSFORMS = [(name, transform) for name in NAMES for transform in MAPS]
needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")


def assert_same(got, name, transform, unit):
    """Columns of the matrix, each entry within a few roundings; exactly where it takes few bits."""
    rows = matrix(made(name), transform)
    for k, row in enumerate(rows):
        largest = max(map(abs, row))
        for x, exact in zip(np.atleast_1d(got[k]), row, strict=True):
            if all(entry.denominator.bit_count() == 1 for row in rows for entry in row) and name not in IRRATIONAL:
                assert Fraction(float(x)) == exact
            assert abs(Fraction(float(x)) - exact) <= 200 * unit * max(largest, 1)


@pytest.fixture
def triton(monkeypatch):
    """A stand-in whose functions run as they are."""
    module = ModuleType("triton")
    module.jit = lambda function: function
    monkeypatch.setitem(sys.modules, "triton", module)


@pytest.mark.slow_cases("F(2x4,3x3)")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("triton")
def test_triton_functions_compute_the_matrices(name):
    space = {}
    exec(compile(emitted("triton", made(name)), "a text", "exec"), space)
    prefix = next(key for key in space if key.endswith("_input_transform")).removesuffix("_input_transform")
    for transform in MAPS:
        columns = len(matrix(made(name), transform)[0])
        got = space[f"{prefix}_{transform}_transform"](*np.eye(columns))
        assert_same(got if isinstance(got, tuple) else (got,), name, transform, 2.0**-53)


@pytest.mark.usefixtures("triton")
def test_triton_functions_are_exact_on_integers():
    space, algorithm = {}, made("F(4,3), integer")
    exec(emitted("triton", algorithm), space)
    block = np.random.default_rng(0).integers(-128, 128, (6, 50))
    got = np.array(space["wincraft_f4_3_input_transform"](*block))
    assert (got == np.array(matrix(algorithm, "input"), dtype=object) @ block.astype(object)).all()


KERNEL = """
@triton.jit
def kernel_{transform}(x, y, n: tl.constexpr):
    i = tl.arange(0, n)
    {loads}
    {results} = wincraft_f4_3_{transform}_transform({given})
    {stores}
y = torch.zeros({count}, 8)
kernel_{transform}[(1,)](torch.eye({size}, 8), y, 8)
print(y[:, :{size}].tolist())
"""


@pytest.mark.skipif(not (find_spec("triton") and find_spec("torch")), reason="triton is not installed")
def test_triton_itself_runs_them(tmp_path):
    algorithm = made("F(4,3), integer")
    matrices = {transform: matrix(algorithm, transform) for transform in MAPS}
    parts = [emitted("triton", algorithm), "import torch, triton.language as tl"]
    for transform, rows in matrices.items():
        count, size = len(rows), len(rows[0])
        lines = {
            "loads": [f"a{k} = tl.load(x + {8 * k} + i)" for k in range(size)],
            "stores": [f"tl.store(y + {8 * k} + i, r{k})" for k in range(count)],
        }
        names = {"results": ", ".join(f"r{k}" for k in range(count)), "given": ", ".join(f"a{k}" for k in range(size))}
        texts = {name: "\n    ".join(found) for name, found in lines.items()}
        parts.append(KERNEL.format(transform=transform, count=count, size=size, **names, **texts))
    (tmp_path / "run.py").write_text("\n".join(parts))
    said = done(sys.executable, "run.py", cwd=tmp_path, env=os.environ | {"TRITON_INTERPRET": "1"})
    for got, rows in zip(said.strip().splitlines()[-3:], matrices.values(), strict=True):
        assert np.allclose(ast.literal_eval(got), np.array(rows, dtype=float), rtol=1e-6, atol=1e-7)


@pytest.mark.slow_cases("F(2x4,3x3)")
@pytest.mark.parametrize("name", NAMES)
def test_triton_texts_are_straight_line(name):
    tree = ast.parse(emitted("triton", made(name)))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert [function.name.split("_")[-2] for function in functions] == list(MAPS)
    for function in functions:
        assert [ast.unparse(item) for item in function.decorator_list] == ["triton.jit"]
        *body, last = function.body[1:]
        assert isinstance(last, ast.Return)
        assert all(isinstance(item, ast.Assign) for item in body)
        assert len({item.targets[0].id for item in body}) == len(body)


@pytest.mark.parametrize("choice", ["default", "fewest"])
@pytest.mark.parametrize("format", ["triton", "cuda", "hip"])
def test_first_lines_are_the_command(format, choice):
    text = emitted(format, made("F(4,3)"), choice=choice)
    command = 'generate "F(4,3)" --moduli "0,1,-1,2,-2,inf" --convention wincnn --format ' + format
    assert text.splitlines()[0].endswith(command + (" --circuit=fewest" if choice == "fewest" else ""))
    assert text == emitted(format, made("F(4,3)"), choice=choice)
    assert max(map(len, text.splitlines()[2:])) <= 120


def test_counts_are_those_of_what_is_written():
    for line in re.findall(r'"""(V = .*|U = .*|Y = .*)"""', emitted("triton", made("F(4,3)"), choice="fewest")):
        assert int(re.search(r"(\d+) addition", line)[1]) == {"V": 5, "U": 12, "Y": 10}[line[0]]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Every function of the CUDA texts in float and double, and in a type with the fewest operators, compiled once."""
    folder = tmp_path_factory.mktemp("gpu")
    (folder / "hip").mkdir()
    (folder / "hip" / "hip_runtime.h").write_text("#define __device__\n#define __forceinline__ inline\n")
    lines = [
        "#include <hip/hip_runtime.h>",
        "struct Small { float x; explicit Small(float y = 0) : x(y) {} };",
        "inline Small operator+(Small a, Small b) { return Small(a.x + b.x); }",
        "inline Small operator-(Small a, Small b) { return Small(a.x - b.x); }",
        "inline Small operator*(Small a, Small b) { return Small(a.x * b.x); }",
        "inline Small operator-(Small a) { return Small(-a.x); }",
    ]
    for number, name in enumerate(NAMES):
        format = "hip" if number % 2 else "cuda"
        text = emitted(format, made(name))
        (folder / f"t{number}.h").write_text(text)
        guard = re.search(r"#ifndef (\w+)", text)[1]
        lines += [f"namespace n{number} {{", f'#include "t{number}.h"', "}", f"#undef {guard}"]
        found = re.findall(r"void (\w+_(\w+)_transform)\(const T (\w)\[(\d+)\], T (\w)\[(\d+)\]\)", text)
        assert [transform for _, transform, *_ in found] == list(MAPS)
        for function, transform, *_ in found:
            for kind in ("float", "double", "Small"):
                lines.append(f'extern "C" void n{number}_{transform}_{kind}(const {kind} *x, {kind} *y)')
                lines.append(f"{{ n{number}::{function}(x, y); }}")
    (folder / "all.cpp").write_text("\n".join(lines))
    warnings = ["-std=c++14", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-I."]
    done("g++", *warnings, "-ffp-contract=off", "-shared", "-fPIC", "all.cpp", "-o", "all.so", cwd=folder)
    return ctypes.CDLL(str(folder / "all.so"))


@pytest.mark.slow_cases("F(2x2x2,3x2x3)")
@needs_compiler
@pytest.mark.parametrize(("name", "transform"), TRANSFORMS)
def test_cuda_and_hip_functions_compute_the_matrices(library, name, transform):
    rows = matrix(made(name), transform)
    outputs, inputs = len(rows), len(rows[0])
    for kind, dtype in (("float", np.float32), ("double", np.float64), ("Small", np.float32)):
        function = library[f"n{NAMES.index(name)}_{transform}_{kind}"]
        function.restype = None
        got = np.zeros((outputs, inputs), dtype)
        for column in range(inputs):
            both = np.zeros(max(inputs, outputs), dtype)  # one array is read and written
            both[column] = 1
            function(ctypes.c_void_p(both.ctypes.data), ctypes.c_void_p(both.ctypes.data))
            got[:, column] = both[:outputs]
        assert_same(got, name, transform, float(np.finfo(dtype).eps) / 2)


@needs_compiler
def test_another_text_of_the_size_is_refused(tmp_path):
    (tmp_path / "a.h").write_text(emitted("cuda", made("F(4,3)")))
    (tmp_path / "b.h").write_text(emitted("cuda", made("F(4,3), integer")))
    start = "#define __device__\n#define __forceinline__ inline\n"
    (tmp_path / "twice.cpp").write_text(start + '#include "a.h"\n#include "a.h"\n')
    (tmp_path / "both.cpp").write_text(start + '#include "a.h"\n#include "b.h"\n')
    done("g++", "-fsyntax-only", "twice.cpp", cwd=tmp_path)
    with pytest.raises(AssertionError, match="of other points, circuits or ranges, is already included"):
        done("g++", "-fsyntax-only", "both.cpp", cwd=tmp_path)


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="nvcc is not installed")
def test_nvcc_compiles_them(tmp_path):
    (tmp_path / "f.cu").write_text(emitted("cuda", made("F(4,3)")))
    types = ("float", "double", "__half", "__nv_bfloat16")
    kernels = [
        f"__global__ void k_{transform}_{kind}({kind} *x) {{ wincraft_f4_3_{transform}_transform<{kind}>(x, x); }}"
        for transform in MAPS
        for kind in types
    ]
    text = '#include <cuda_bf16.h>\n#include <cuda_fp16.h>\n#include "f.cu"\n' + "\n".join(kernels)
    (tmp_path / "all.cu").write_text(text)
    assert "warning" not in done("nvcc", "-arch=sm_90", "-cubin", "all.cu", "-o", "all.cubin", cwd=tmp_path)


@pytest.mark.parametrize("format", ["triton", "cuda", "hip"])
def test_what_they_cannot_write(format):
    with pytest.raises(WrongForm, match=rf"^{format} output: this is the linear convolution form"):
        emitted(format, made("F(2,3)").transpose(), circuits=None)
    with pytest.raises(NotApplicable, match="have no size"):
        emitted(format, winograd(2, 3).convert("GF(31)"))
    huge = Algorithm.from_matrices([[2]], [[f"1/{10**400}"]], [[5 * 10**399]])
    with pytest.raises(TooLarge, match=f"^too large for float64 in {format} output: "):
        emitted(format, huge)
