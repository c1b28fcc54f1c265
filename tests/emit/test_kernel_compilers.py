# SPDX-License-Identifier: Apache-2.0
"""Kernels under every compiler, vector and sanitizer there is; their own self-test and benchmark; what they link to."""

from __future__ import annotations

import re
import shutil
import subprocess

import numpy as np
import pytest
from c_headers import CC, COMPILERS, STANDARDS, WARNINGS, needs_cc
from kernel_calls import AVX2, AVX512, FAST, INSTRUCTIONS, KERNELS, X86, files_of, has_float16, kernel
from oracle_kernels import layer_of, multiplied

PADS = (1, 1, 1, 1)
TYPES = ("float32", "int8", "uint8", "float16", "bfloat16")
VNNI = [*AVX512, "-mavx512vnni"]
ON_AVX512 = {"avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512cd"}
VARIANTS = {
    "4 lanes": (4, [], set()),
    "plain": (None, ["-DPLAIN"], set()),
    "8 lanes": (8, AVX2, {"avx2", "fma"}),
    "16 lanes": (16, AVX512, ON_AVX512),
    "4 lanes, no intrinsics": (4, ["-U__SSE2__", "-U__ARM_NEON"], set()),
    "8 lanes, VNNI": (8, VNNI, {*ON_AVX512, "avx512_vnni"}),
    "16 lanes, VNNI": (16, VNNI, {*ON_AVX512, "avx512_vnni"}),
    "16 lanes by default": (None, AVX512, ON_AVX512),
}
"""Lanes that are asked for, the compiler's options, and the instructions that running it takes."""


def slowly(names):
    """Where slow tests run."""
    return [pytest.param(name, marks=pytest.mark.slow) for name in sorted(names)]


def prefix_of(name):
    return next(file for file in files_of(name) if file.endswith(".h")).removesuffix(".h")


def written(folder, *names, lanes=None):
    """The C files of kernels, in a folder beside their headers."""
    for name in names:
        for file, text in files_of(name, lanes).items():
            (folder / file).write_text(text)
    return [f"{prefix_of(name)}.c" for name in names]


def compiled(compiler, files, *options, cwd):
    """Without a warning."""
    language = ["-x", "c++" if STANDARDS[compiler].startswith("c++") else "c"]
    command = [compiler, f"-std={STANDARDS[compiler]}", *WARNINGS, *language, *files, "-x", "none", *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


def variant_options(name, options):
    return [option.replace("-DPLAIN", f"-D{prefix_of(name).upper()}_PLAIN") for option in options]


def runs(program, *arguments, cwd, before=()):
    done = subprocess.run([*before, str(cwd / program), *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


# --- every variant is right -------------------------------------------------------------------------------------------


def variants(*quick):
    """Those of this machine's kind; beside the quick ones where slow tests run."""
    found = []
    for variant, (_, options, needed) in VARIANTS.items():
        marks = [] if variant in quick else [pytest.mark.slow]
        marks += [pytest.mark.skipif(bool(options) and options[0].startswith("-m") and not X86, reason="not x86-64")]
        if not needed <= INSTRUCTIONS:
            marks += [pytest.mark.skip(reason=f"compiled, not run: no {', '.join(sorted(needed - INSTRUCTIONS))} here")]
        found.append(pytest.param(variant, marks=marks))
    return found


@pytest.mark.slow_cases("16 lanes-clang", "4 lanes-clang", "4 lanes-gcc", "plain-clang")
@pytest.mark.parametrize("compiler", COMPILERS[:2])
@pytest.mark.parametrize("variant", variants("4 lanes", "plain", "16 lanes"))
@pytest.mark.parametrize("name", ["int8", *slowly(["uint8"])])
def test_every_width_gives_the_same_integers(name, variant, compiler):
    lanes, options, _ = VARIANTS[variant]
    of = kernel(name, "-O1", *variant_options(name, options), lanes=lanes, compiler=compiler)
    low = 0 if name == "uint8" else -128
    rng = np.random.default_rng(1)
    for c, k in ((16, 32), (21, 37), (40, 64)):
        x = rng.integers(low, low + 256, (2, 9, 11, c)).astype(of.dtype)
        g = rng.integers(-128, 128, (k, c, 3, 3)).astype(np.int8)
        bias = rng.integers(-5000, 5000, k)
        sums = layer_of(x.astype(np.int64) - 5, g.astype(np.int64), PADS) + bias
        np.testing.assert_array_equal(of.layer(x, g, pads=PADS, bias=bias, x_zero=5), sums)
        how = {"bias": bias, "x_zero": 5, "y_zero": low + 120, "lo": low + 1, "hi": low + 250}
        scale = rng.uniform(1e-4, 1e-3, k).astype(np.float32)
        wanted = np.clip(np.rint(sums.astype(np.float32) * scale) + low + 120, low + 1, low + 250)
        np.testing.assert_array_equal(of.layer(x, g, pads=PADS, raw=False, scale=scale, **how), wanted)
        multiplier, shift = rng.integers(2**30, 2**31, k), rng.integers(-13, -9, k)
        got = of.layer(x, g, pads=PADS, raw=False, multiplier=multiplier, shift=shift, **how)
        rows = [
            [multiplied(int(y), int(q), int(e)) for y, q, e in zip(row, multiplier, shift, strict=True)]
            for row in sums.reshape(-1, k)
        ]
        np.testing.assert_array_equal(got, np.clip(np.reshape(rows, sums.shape) + low + 120, low + 1, low + 250))


@pytest.mark.slow_cases("-clang")
@pytest.mark.parametrize("compiler", COMPILERS[:2])
@pytest.mark.parametrize("variant", variants("plain", "16 lanes"))
@pytest.mark.parametrize("name", ["float32", *slowly(("bfloat16", "float16"))])
def test_every_width_is_within_the_bound(name, variant, compiler):
    lanes, options, _ = VARIANTS[variant]
    of = kernel(name, "-O1", *variant_options(name, options), lanes=lanes, compiler=compiler)
    rng = np.random.default_rng(2)
    for c, k in ((16, 32), (21, 37)):
        x = rng.integers(-8, 9, (2, 9, 11, c)).astype(np.float32) / 8  # formats of 16 bits hold them
        g = rng.uniform(-1, 1, (k, c, 3, 3)).astype(np.float32)
        y = of.layer((x.view(np.uint32) >> 16).astype(np.uint16) if name == "bfloat16" else x.astype(of.dtype), g)
        found = (y.astype(np.uint32) << 16).view(np.float32) if name == "bfloat16" else y.astype(np.float64)
        exact = layer_of(x.astype(np.float64), g.astype(np.float64))
        unit = {"float32": 0, "float16": 2.0**-11, "bfloat16": 2.0**-8}[name]
        assert (abs(found - exact) <= of.error(c) + unit * abs(exact) * 1.01).all()


@pytest.mark.parametrize(("lanes", "options"), [(8, []), (16, AVX2)])
@pytest.mark.skipif(not X86, reason="not x86-64")
@needs_cc
def test_lanes_that_the_compiler_has_not_are_an_error_that_says_what_to_do(tmp_path, lanes, options):
    (source,) = written(tmp_path, "int8", lanes=lanes)
    done = subprocess.run([CC, *options, "-c", source], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode != 0
    assert f"{lanes} lanes are wider than the vectors here" in done.stderr
    assert "-m" in done.stderr.split("compile with")[1]
    compiled(CC, [source], f"-D{prefix_of('int8').upper()}_PLAIN", "-c", cwd=tmp_path)


# --- every compiler, without a warning --------------------------------------------------------------------------------


@pytest.mark.slow_cases("clang")
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", ["int8", *slowly(["float32", "uint8", "float16", "bfloat16"])])
def test_it_is_c99_and_cxx17_without_a_warning(tmp_path, name, compiler):
    if name == "float16" and not has_float16(compiler):
        pytest.skip(f"{compiler} has no _Float16 here")
    sources = written(tmp_path, name)
    upper = prefix_of(name).upper()
    for options in ([], [f"-D{upper}_MAIN"], [f"-D{upper}_PLAIN", f"-D{upper}_MAIN"], FAST):
        compiled(compiler, sources, *options, "-fsyntax-only", cwd=tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", [*TYPES, "F(8x8,3x3)", "F(4,3)", "int8, F(4,3)"])
@pytest.mark.parametrize("options", [["-O2"], ["-O3", "-ffp-contract=fast", *(VNNI if X86 else [])]])
def test_optimisers_see_nothing_to_warn_of(tmp_path, name, compiler, options):
    if name == "float16" and not has_float16(compiler):
        pytest.skip(f"{compiler} has no _Float16 here")
    sources, upper = written(tmp_path, name), prefix_of(name).upper()
    compiled(compiler, sources, *options, f"-D{upper}_MAIN", "-c", cwd=tmp_path)
    if "-O2" in options:
        compiled(compiler, sources, *options, f"-D{upper}_PLAIN", "-c", cwd=tmp_path)


# --- what it links to -------------------------------------------------------------------------------------------------


@needs_cc
@pytest.mark.skipif(shutil.which("nm") is None, reason="nm is not installed")
@pytest.mark.parametrize("name", ["float32", "int8"])
def test_nothing_is_global_and_nothing_is_allocated(tmp_path, name):
    (source,) = written(tmp_path, name)
    compiled(CC, [source], "-O1", "-c", "-o", "k.o", cwd=tmp_path)
    listed = subprocess.run(["nm", "k.o"], capture_output=True, text=True, cwd=tmp_path, check=True).stdout
    symbols = [line.split()[-2:] for line in listed.splitlines()]
    assert not [symbol for kind, symbol in symbols if kind in "dDbBC"]
    public = {symbol.removeprefix("_") for kind, symbol in symbols if kind == "T"}
    assert public == {f"{prefix_of(name)}_{word}" for word in API}
    outside = {symbol for kind, symbol in symbols if kind == "U"}
    assert outside <= {"memcpy", "memset", "memcmp", "memmove", "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"}


API = ("check", "uses_winograd", "filter_size", "work_size", "prepare", "run")


@pytest.mark.slow
@needs_cc
@pytest.mark.skipif(shutil.which("g++") is None or CC != "gcc", reason="gcc and g++ are not installed")
def test_kernels_share_a_program_and_headers_a_source(tmp_path):
    """Compiled as C, called from C++, in any order of headers, twice."""
    names = ("float32", "int8", "int8, F(2x2,3x3)")
    compiled("gcc", written(tmp_path, *names), "-O0", "-c", cwd=tmp_path)
    headers = "\n".join(f'#include "{prefix_of(name)}.h"' for name in (*names, *reversed(names)))
    calls = " + ".join(f"{prefix_of(name)}_check(&conv)" for name in names)
    body = f"{headers}\nint main() {{ wincraft_conv conv = {{}}; return ({calls}) != 3 * WINCRAFT_ARGUMENT; }}\n"
    (tmp_path / "main.cpp").write_text(body)
    objects = [f"{prefix_of(name)}.o" for name in names]
    compiled("g++", ["main.cpp"], *objects, "-o", "main", cwd=tmp_path)
    runs("main", cwd=tmp_path)


@needs_cc
def test_another_kernel_of_the_same_name_is_an_error(tmp_path):
    for folder, name in (("a", "int8"), ("b", "int8, classic")):
        (tmp_path / folder).mkdir()
        written(tmp_path / folder, name)
    header = f"{prefix_of('int8')}.h"
    (tmp_path / "both.c").write_text(f'#include "a/{header}"\n#include "b/{header}"\n')
    done = subprocess.run([CC, "-fsyntax-only", "both.c"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode != 0
    assert "of other points, scaling or lanes" in done.stderr


@pytest.mark.parametrize("name", ["float32", "int8", "bfloat16"])
def test_same_bytes_no_path_no_time(name):
    files = files_of(name)
    files_of.__wrapped__(name)
    assert files_of.__wrapped__(name) == files
    for text in files.values():
        assert not re.search(r"/(tmp|home|usr|work|root)\b|[A-Z]:\\|\d{4}-\d\d-\d\d|\d\d:\d\d", text)
        assert text.isascii()
        assert text.endswith("\n")
        assert not re.search(r"[ \t]$|\$\{?\w", text, re.MULTILINE)
        first, second, *rest = text.splitlines()
        assert first.startswith("/* wincraft ")
        assert f"--kernel conv2d --type {name}" in first
        assert second.startswith(" * sha256 ")
        assert max(map(len, rest)) <= 140


# --- its own program --------------------------------------------------------------------------------------------------


def program(folder, name, *options, compiler=CC, lanes=None):
    sources = written(folder, name, lanes=lanes)
    compiled(compiler, sources, f"-D{prefix_of(name).upper()}_MAIN", *options, "-o", "main", "-lm", cwd=folder)


@pytest.mark.slow
@needs_cc
@pytest.mark.parametrize("name", ["float32", *slowly(set(KERNELS) - {"float32"})])
def test_the_self_test_passes_under_sanitizers(tmp_path, name):
    sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    (tmp_path / "empty.c").write_text("int main(void) { return 0; }\n")
    if subprocess.run([CC, *sanitizers, "empty.c"], capture_output=True, cwd=tmp_path, check=False).returncode:
        pytest.skip(f"{CC} has no sanitizers here")
    if name == "float16" and not has_float16(CC):
        pytest.skip(f"{CC} has no _Float16 here")
    program(tmp_path, name, "-O1", "-g", *sanitizers, *FAST)
    assert runs("main", cwd=tmp_path) == "all layers are right\n"


@needs_cc
def test_the_program_says_how_it_is_used(tmp_path):
    program(tmp_path, "int8", "-O0")
    for arguments in (["bench"], ["bench", "1", "2", "3"], ["help"]):
        done = subprocess.run([tmp_path / "main", *arguments], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.endswith("[bench N H W C K]\n")
    for size in ("0 8 8 8 8", "1 8 8 8 -1", "1 0 x 8 8", "1 2147483647 2147483647 8 8"):
        done = subprocess.run([tmp_path / "main", "bench", *size.split()], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, ""), size


@pytest.mark.slow_cases("float32")
@needs_cc
@pytest.mark.parametrize("name", ["float32", *slowly(["int8"])])
def test_the_benchmark_times_both_convolutions(tmp_path, name):
    """Which of the two is faster is for benchmarks to say."""
    program(tmp_path, name, "-O3", "-ffp-contract=fast", *FAST)
    winograd, direct, gflops = map(float, runs("main", "bench", "1", "28", "28", "64", "64", cwd=tmp_path).split())
    assert min(winograd, direct, gflops) > 0


@needs_cc
@pytest.mark.parametrize("name", ["int8", *slowly(["float32"])])
def test_the_wrapper_of_openmp_gives_the_same(tmp_path, name):
    (tmp_path / "empty.c").write_text("int main(void) { return 0; }\n")
    if subprocess.run([CC, "-fopenmp", "empty.c"], capture_output=True, cwd=tmp_path, check=False).returncode:
        pytest.skip(f"{CC} has no OpenMP here")
    of = kernel(name, "-O1", "-fopenmp")
    rng = np.random.default_rng(3)
    x = rng.integers(-128, 128, (3, 13, 12, 24)).astype(of.dtype)
    g = rng.integers(-128, 128, (20, 24, 3, 3)).astype(np.int8 if of.exact else np.float32)
    threads = of.library.omp_get_max_threads()
    np.testing.assert_array_equal(of.layer(x, g, pads=PADS, threads=threads, openmp=True), of.layer(x, g, pads=PADS))


@pytest.mark.slow
@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("target", ["aarch64-linux-gnu", "arm-linux-gnueabihf", "s390x-linux-gnu"])
def test_the_self_test_passes_on_another_machine(tmp_path, target, name, plain):
    """64 bits of Arm; 32 bits; and bytes in the other order, where C99 computes float in double."""
    compiler, emulator = f"{target}-gcc", f"qemu-{target.split('-')[0]}"
    missing = [tool for tool in (compiler, emulator) if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed")
    source = written(tmp_path, name)
    upper = prefix_of(name).upper()
    if name == "float16" and not target.startswith("aarch64"):
        pytest.skip(f"{compiler} has no _Float16")
    command = [compiler, "-std=c99", *WARNINGS, "-O2", "-static", f"-D{upper}_MAIN", *source, "-o", "main", "-lm"]
    if target.startswith("arm"):
        command += ["-mfpu=neon"]
    done = subprocess.run(
        command + plain * [f"-D{upper}_PLAIN"], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert runs("main", cwd=tmp_path, before=[emulator]) == "all layers are right\n"
