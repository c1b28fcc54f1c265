# SPDX-License-Identifier: Apache-2.0
"""Programs of the pages on kernels: without a warning, under sanitizers, with OpenMP, by CMake; the page on speed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from oracle_scripts import script

from wincraft import parse
from wincraft.emit.kernel.writing import default_points, write_kernel

ROOT = Path(__file__).parents[2]
HOW_TO = ROOT / "docs" / "how-to"
if not HOW_TO.exists():
    pytest.skip("the pages are not beside the tests", allow_module_level=True)

STRICT = ["-std=c11", "-D_DEFAULT_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
FLOAT, INTEGER = "wincraft_f4x4_3x3_float32.c", "wincraft_f4x4_3x3_int8.c"
PROGRAMS = {
    "layer": ("kernels-in-c.md", ["layer.c", FLOAT]),
    "ways": ("kernels-in-c.md", ["ways.c", FLOAT]),
    "threads": ("kernels-in-c.md", ["threads.c", FLOAT, "-pthread"]),
    "int8": ("kernels-in-c.md", ["int8.c", INTEGER]),
    "check": ("tflite-micro.md", ["check.c", "convolve.c", INTEGER]),
}
"""The page, and what a program of it is made of."""

COMPILERS = [compiler for compiler in ("gcc", "clang") if shutil.which(compiler)]
needs_compiler = pytest.mark.skipif(not COMPILERS, reason="no gcc and no clang")
named = pytest.mark.parametrize("name", PROGRAMS)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A folder for each page, with the files that it shows and the kernels that it generates."""
    made = {}
    for page in {page for page, _ in PROGRAMS.values()}:
        made[page] = tmp_path_factory.mktemp("page")
        for block in script("scripts/run_pages.py").blocks((HOW_TO / page).read_text(encoding="utf-8")):
            if block.file is not None:
                (made[page] / block.file).write_text(block.body, encoding="utf-8")
        for type in ("float32", "int8"):
            write_kernel(parse("F(4x4,3x3)", points=default_points(type)), made[page], type=type)
    return made


def run(*command, cwd):
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout


def links(compiler, option, folder):
    """Whether a compiler can make a program with an option."""
    (folder / "empty.c").write_text("int main(void) { return 0; }\n")
    made = subprocess.run(
        [compiler, option, "empty.c", "-o", "empty"], cwd=folder, capture_output=True, check=False
    ).returncode
    return made == 0


def output(name):
    """What the page says that a program prints."""
    page = (HOW_TO / PROGRAMS[name][0]).read_text(encoding="utf-8")
    return re.search(rf"^\$ cc .*\b{PROGRAMS[name][1][0]}.*\n((?:(?!\$|```).*\n)*)", page, flags=re.MULTILINE)[1]


@pytest.mark.slow_cases("gcc-check", "gcc-ways", "gcc-threads")
@needs_compiler
@named
@pytest.mark.parametrize(
    "compiler", [*COMPILERS[:1], *(pytest.param(item, marks=pytest.mark.slow) for item in COMPILERS[1:])]
)
def test_programs_compile_without_a_warning(name, compiler, folders, tmp_path):
    page, parts = PROGRAMS[name]
    run(compiler, *STRICT, "-O2", *parts, "-o", tmp_path / name, "-lm", cwd=folders[page])
    assert run(tmp_path / name, cwd=tmp_path) == output(name)


@pytest.mark.slow
@needs_compiler
@named
def test_programs_run_under_sanitizers(name, folders, tmp_path):
    page, parts = PROGRAMS[name]
    if not links(COMPILERS[0], "-fsanitize=address,undefined", tmp_path):
        pytest.skip("no sanitizers")
    options = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    run(COMPILERS[0], *STRICT, *options, *parts, "-o", tmp_path / name, "-lm", cwd=folders[page])
    # the programs of the pages leave their memory to the end
    assert run("env", "ASAN_OPTIONS=detect_leaks=0", tmp_path / name, cwd=tmp_path) == output(name)


@pytest.mark.slow
@needs_compiler
def test_threads_of_openmp(folders, tmp_path):
    if not links(COMPILERS[0], "-fopenmp", tmp_path):
        pytest.skip("no OpenMP")
    page, parts = PROGRAMS["threads"]
    run(COMPILERS[0], *STRICT, "-fopenmp", "-O2", *parts, "-o", tmp_path / "threads", "-lm", cwd=folders[page])
    assert run("env", "OMP_NUM_THREADS=3", tmp_path / "threads", cwd=tmp_path) == output("threads")


@pytest.mark.slow
@needs_compiler
@pytest.mark.skipif(not shutil.which("cmake") or not shutil.which("make"), reason="no cmake or no make")
def test_cmake_builds_and_tests(folders, tmp_path):
    source = folders["kernels-in-c.md"]
    run("cmake", "-S", source, "-B", tmp_path, "-G", "Unix Makefiles", cwd=tmp_path)
    run("cmake", "--build", tmp_path, cwd=tmp_path)
    said = run("ctest", cwd=tmp_path)
    assert "100% tests passed, 0 tests failed out of 3" in said


# --- the page on speed ------------------------------------------------------------------------------------------------


def result(engine, milliseconds, type, ours=False, **judged):
    times = {"least": milliseconds / 1e3, "median": milliseconds / 1e3, "calls": 1}
    family = "wincraft" if ours else engine.partition(" ")[0]
    item = {"engine": engine, "family": family, "type": type, "ours": ours, "judged": judged}
    return {**item, "times": times, "depth": 1, "seconds": milliseconds / 1e3}


def document():
    """Two layers: on the first ours is faster, on the second it is not."""
    first = [result("torch cl", 3.0, "float32", error=1e-6), result("MNN", 2.0, "float32", error=5e-3)]
    first += [result("F4 gcc", 1.0, "float32", True, error=1e-5), result("F4 clang", 0.9, "float32", True, error=1e-5)]
    first += [
        result("F7 gcc", 0.5, "float32", True, error=1e-4),
        result("direct gcc", 2.5, "float32", True, error=1e-6),
    ]
    first += [result("fbgemm", 1.5, "int8", wrong=7, furthest=3), result("ncnn", 1.8, "int8", wrong=0, furthest=0)]
    first += [result("F4 gcc", 0.6, "int8", True, wrong=0, furthest=0), result("far", 0.1, "float32", error=0.0)]
    second = [result("fbgemm", 1.5, "int8", wrong=0, furthest=0)]
    second += [result("torch cl", 0.4, "float32", error=1e-6), result("direct gcc", 0.5, "float32", True, error=1e-6)]
    slow = {"name": "direct : torch cl", "value": 0.8, "floor": 0.9, "goal": None, "at_most": False}
    sizes = ({"c": 64, "k": 64, "h": 56, "w": 56, "n": 1}, {"c": 3, "k": 64, "h": 8, "w": 9, "n": 1})
    return {
        "command": "python -m benchmarks.kernels --json x.json --rounds 5",
        "processor": {"model name": "a processor", "flags": "avx2"},
        "versions": {"MNN": "3.6.1"},
        "peaks": {},
        "held": {"far": "not held: no switch"},
        "missing": {"openvino": "No module named 'openvino'"},
        "layers": [
            {"layer": sizes[0], "results": first, "parts": [], "skipped": {}, "ratios": {"float32": [], "int8": []}},
            {
                "layer": sizes[1],
                "results": second,
                "parts": [],
                "skipped": dict.fromkeys(("F4 gcc float32", "F4 clang float32"), "runs the direct convolution here"),
                "ratios": {"float32": [slow], "int8": []},
            },
        ],
    }


@pytest.fixture
def speed_page():
    pytest.importorskip("numpy")
    return script("scripts/kernel_speed_page.py")


def test_tables_of_a_run(speed_page):
    text = speed_page.section(speed_page.Run.of(document()))
    layer = "64→64 56² N=1".replace(" ", "\N{NO-BREAK SPACE}")
    assert f"| {layer} | F7 | 0.500 | 3.33 | 6.00 | MNN | 4.00 | F7 4.00 | - | 1e-4 | 5e-3 |" in text
    assert f"| {layer} | F4 | 0.600 | fbgemm | 2.50 | ncnn | 3.00 | - | fbgemm |" in text
    assert "| ours, F7 | **0.500** | - |" in text
    assert "| ours, F4 | 0.900 | - |" in text
    assert "| torch cl | 3.000 | **0.400** |" in text
    assert "| fbgemm | 7 (by 3) | 0 (by 0) |" in text
    assert "| far |" not in text
    assert "- 3→64 8x9 N=1, float32: torch cl takes 0.400 ms, direct 0.500" in text
    assert "- 3→64 8x9 N=1, float32: direct : torch cl is 0.80; at least 0.9 was asked" in text
    assert "- runs the direct convolution here (3→64 8x9 N=1): F4 gcc float32, F4 clang float32" in text
    assert "- 3→64 8x9 N=1, int8: ours was not measured" in text
    assert "- command: `python -m benchmarks.kernels --rounds 5`" in text
    assert "- openvino left out: No module named 'openvino'" in text
    assert "- MNN: 3.6.1" in text
    assert "MNN: 3.6.1" not in speed_page.section(speed_page.Run.of(document()), whole=False)


def test_a_run_goes_to_its_place(speed_page):
    page = "a\n<!-- kernel speed: avx2 -->\nearlier\n<!-- end -->\nb\n<!-- kernel speed: cold -->\nkept\n<!-- end -->\n"
    run_of_it = speed_page.Run.of(document())
    written = speed_page.written(page, {"avx2": run_of_it})
    assert "earlier" not in written
    assert "kept" in written
    assert written.startswith("a\n<!-- kernel speed: avx2 -->\n\n**float32**, ratios:")
    assert speed_page.written(written, {"avx2": run_of_it}) == written
    with pytest.raises(ValueError, match="no such place: warm"):
        speed_page.written(page, {"warm": run_of_it})


def test_every_place_of_the_page_has_tables(speed_page):
    page = speed_page.PAGE.read_text(encoding="utf-8")
    places = {match["name"]: match["text"] for match in speed_page.PLACE.finditer(page)}
    assert set(places) == {"avx2", "native", "cold", "chain"}
    assert [name for name, text in places.items() if "| ours, F4 |" not in text] == []
