# SPDX-License-Identifier: Apache-2.0
"""The command line as a user meets it: exit codes, one-line errors, nothing half-written.

Jobs and what the system does to them are real processes; bad input runs in this one, through the same entry point.
"""

import json
import os
import subprocess
import sys
from importlib import resources

import jsonschema
import pytest

import wincraft as wc
from wincraft.cli.main import COMMANDS
from wincraft.files import ALGORITHM_KIND

PRELUDE = "import sys; from wincraft.cli.main import run; sys.argv[0] = 'wincraft'; run()"


def wincraft(*arguments, cwd=None, check=None):
    environment = {**os.environ, "NO_COLOR": "1"}
    command = [sys.executable, "-c", PRELUDE, *arguments]
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,  # on a machine however busy
        check=False,
    )
    if check is not None:
        assert done.returncode == check, done.stderr + done.stdout
    return done


def assert_one_line_error(done, code):
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("wincraft: ")
    assert "Traceback" not in done.stderr


def test_version_help_and_every_command_help():
    assert wincraft("--version", check=0).stdout == f"wincraft {wc.__version__}\n"
    listing = wincraft("--help", check=0).stdout
    assert wincraft(check=0).stdout == listing
    for command in COMMANDS:
        assert command in listing
    for command in ("generate", "completion"):
        assert "Examples:" in wincraft(command, "--help", check=0).stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_help_begins_with_examples_in_80_columns(command, wincraft_here, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = wincraft_here(command, "--help").stdout.splitlines()
    assert lines[0].startswith(f"Usage: wincraft {command}")
    text = lines[lines.index("") + 1 :]  # below the usage: a sentence, a blank line, the examples
    assert text[text.index("") + 1].strip() == "Examples:"
    assert all(len(line) <= 80 for line in lines)


def test_help_imports_nothing_heavy():
    probe = (
        "import sys; sys.argv = ['wincraft', '--help']\nfrom wincraft.cli.main import run\n"
        "try: run()\nexcept SystemExit: pass\n"
        "print([name for name in ('sympy', 'numpy', 'rich', 'flint', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "size", ["F(4x4,3x3)", *(pytest.param(s, marks=pytest.mark.slow) for s in ("4x4,3x3", "f(4x4, 3x3)"))]
)
def test_the_main_job(size, tmp_path):
    done = wincraft("generate", size, "--format", "c", "-o", "f4x4.h", cwd=tmp_path, check=0)
    assert "proved" in done.stderr
    assert done.stdout == ""
    assert (tmp_path / "f4x4.h").read_text() == wc.render(wc.parse("F(4x4,3x3)"), "c")
    assert os.listdir(tmp_path) == ["f4x4.h"]


@pytest.mark.slow
def test_generate_verify_identify_round_trip(tmp_path):
    wincraft("generate", "6,3", "--points", "0,1,-1,2,-2,1/2,-1/2", "-o", "f.json", cwd=tmp_path, check=0)
    assert "proved" in wincraft("verify", "f.json", cwd=tmp_path, check=0).stdout
    found = json.loads(wincraft("identify", "f.json", "--format", "json", cwd=tmp_path, check=0).stdout)
    assert found["kind"] == ALGORITHM_KIND
    assert found["form"] == "correlation"
    (axis,) = found["recipe"]
    assert axis["moduli"] == ["0", "1", "-1", "2", "-2", "1/2", "-1/2", "inf"]
    assert axis["convention"] == "wincnn"
    assert set(axis["row_scaling"]) == {"AT_col", "G_row", "BT_row"}
    schema = json.loads(resources.files("wincraft.files").joinpath("schema/algorithm-2.json").read_text())
    jsonschema.validate(found, schema)
    (tmp_path / "again.json").write_text(json.dumps(found))
    wincraft("verify", "again.json", cwd=tmp_path, check=0)


def test_format_follows_the_suffix_and_stdout_is_data_only(tmp_path):
    assert wincraft("generate", "2,3", "--format", "json", check=0).stdout.startswith("{")
    wincraft("generate", "2,3", "-o", "f.tex", cwd=tmp_path, check=0)
    assert "bmatrix" in (tmp_path / "f.tex").read_text()


def test_refuted_files_exit_1_with_the_diagnosis_on_stdout(wincraft_here, tmp_path):
    content = json.loads(wc.render(wc.winograd(4, 3, points="0,1,-1,2,-2"), "json"))
    content["G"][3] = ["1/12", "1/6", "1/3"]
    (tmp_path / "f.json").write_text(json.dumps(content))
    done = wincraft_here("verify", "f.json", check=1)
    assert "tap 3 (from 0): product of row scales is 2, must be 1" in done.stdout
    assert wincraft_here("identify", "f.json", check=1).stderr.count("\n") == 1


@pytest.mark.slow
def test_nested_documents_verify(tmp_path):
    wincraft("generate", "2x4,3x3", "-o", "f.json", cwd=tmp_path, check=0)
    assert "F(2x4,3x3) proved" in wincraft("verify", "f.json", cwd=tmp_path, check=0).stdout


def test_decimal_matrices(wincraft_here, tmp_path):
    alg = wc.winograd(4, 3, points="0,1,-1,2,-2")
    rows = ["\n".join(" ".join(f"{float(x):.7f}" for x in row) for row in m.tolist()) for m in (alg.AT, alg.G, alg.BT)]
    (tmp_path / "m.txt").write_text("\n\n".join(rows))
    assert "the given decimals within" in wincraft_here("verify", "m.txt", check=0).stdout
    wincraft_here("verify", "m.txt", "--tolerance", "1e-9", check=1)
    assert "wincnn" in wincraft_here("identify", "m.txt", check=0).stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("4,3", "--points", "0,1,1,2,-2"), "1 is listed twice, at positions 1 and 2"),
        (("4,3", "--points", "0,1,-1"), "got 3; add 3"),
        (("4,3", "--points", "0,1,-1,2,-2,3,-3"), "got 7; remove 1"),
        (("4,3", "--points", "0,1,-1,2,0.5"), "0.5; write 1/2"),
        (("4,3", "--points", "0,1,-1,2,banana"), "banana"),
        (("4,3", "--points", "0,1,-1,2,nan"), "nan"),
        (("4,3", "--points", "0,1,,2,-2"), "empty"),
        (("4,3", "--moduli", "0,1,x^2-1,inf"), "share a factor"),
        (("4,3", "--moduli", "0,1,-1,2,-2,0*x"), "0"),
        (("4,3", "--moduli", "0,1,2*x^2+2,inf"), "make it monic: x^2+1"),
        (("0,3",), "at least 1"),
        (("4,-3",), "at least 1"),
        (("-1,3",), "F(-1,3): m and r are at least 1"),
        (("4000,3",), "beyond the limit 256"),
        (("4x4,3",), "axes differ"),
        (("F(4,3",), "write it as"),
        (("banana",), "write it as"),
        (("4,3", "--convention", "wincn"), "did you mean wincnn?"),
        (
            ("4,3", "--format", "yaml"),
            "known are text, json, c, triton, cuda, hip, hls, verilog, mlir, linalg, iree, tvm, numpy, coq, gappa, "
            "latex",
        ),
        (("4,3", "--points", "0,1,-1,2," + "9" * 300), "at most 100 digits"),
        (("4,3", "--convention", "integer", "--points", "0,sqrt(2),-sqrt(2),1,-1"), "QQ<sqrt(2)>"),
        (("4x4,3x3", "--points", "0,1,-1,2,-2;0,1,-1,2,-2;0"), "3 lists of points are given for 2 axes"),
    ],
)
def test_bad_input_is_one_line_exit_3_and_writes_nothing(arguments, words, wincraft_here, tmp_path):
    done = wincraft_here("generate", *arguments, "-o", "out")
    assert_one_line_error(done, 3)
    assert words in done.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("generate", "4,3", "-1"),
        ("generate",),
        ("generate", "4,3", "--nonsense"),
        ("verify",),
        ("completion", "csh"),
        ("completion",),
        ("generate", "4,3", "--points", "0", "--moduli", "0"),
    ],
)
def test_usage_errors_exit_2(arguments, wincraft_here):
    assert_one_line_error(wincraft_here(*arguments), 2)


def test_unwritable_paths_leave_nothing(tmp_path):
    assert_one_line_error(wincraft("generate", "2,3", "-o", "no/such/folder/f.json", cwd=tmp_path), 3)
    assert_one_line_error(wincraft("generate", "2,3", "-o", ".", cwd=tmp_path), 3)
    (tmp_path / "file").write_text("kept")
    assert_one_line_error(wincraft("generate", "2,3", "-o", "file/f.json", cwd=tmp_path), 3)
    assert (tmp_path / "file").read_text() == "kept"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_device_is_one_line():
    assert_one_line_error(wincraft("generate", "2,3", "-o", "/dev/full"), 3)
    script = f'"{sys.executable}" -c "{PRELUDE}" generate 2,3 > /dev/full'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_an_error_keeps_the_old_file(tmp_path):
    (tmp_path / "f.json").write_text("kept")
    wincraft("generate", "2,3", "--points", "0,0", "-o", "f.json", cwd=tmp_path, check=3)
    assert (tmp_path / "f.json").read_text() == "kept"


def test_files_get_the_usual_permissions(tmp_path):
    wincraft("generate", "2,3", "-o", "f.json", cwd=tmp_path, check=0)
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "f.json").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize(
    "content", ["", "{", '{"kind": "other", "m": 1}', '{"kind": "wincraft.algorithm", "version": 9}']
)
@pytest.mark.parametrize("command", ["verify", "identify"])
def test_bad_files_exit_3(command, content, wincraft_here, tmp_path):
    (tmp_path / "f.json").write_text(content)
    assert_one_line_error(wincraft_here(command, "f.json"), 3)
    assert_one_line_error(wincraft_here(command, "absent.json"), 3)


@pytest.mark.parametrize("tolerance", ["x", "-1", "1", "nan", "1e999999999", "1e-999999999", "1/0", ""])
def test_bad_tolerance(tolerance, wincraft_here, tmp_path):
    (tmp_path / "f.json").write_text(wc.render(wc.winograd(2, 3), "json"))
    for command in ("identify", "verify"):
        assert_one_line_error(wincraft_here(command, "f.json", "--tolerance", tolerance), 3)


def test_a_long_value_makes_no_long_line(wincraft_here):
    for arguments in (("generate", "2,3", "--axes", "9" * 5000), ("x" * 5000,), ("generate", "2,3", "--" + "x" * 5000)):
        done = wincraft_here(*arguments)
        assert_one_line_error(done, 2)
        assert len(done.stderr) < 500


def test_debug_shows_the_traceback():
    assert "Traceback" in wincraft("--debug", "generate", "2,3", "--points", "0,0").stderr
    assert "Traceback" in wincraft("generate", "2,3", "--points", "0,0", "--debug", check=3).stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell, wincraft_here):
    assert "_WINCRAFT_COMPLETE" in wincraft_here("completion", shell).stdout


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("generate 4,3 --convention bal", ["balanced", "balanced-2bit"]),
        ("generate 4,3 --format la", ["latex"]),
        ("generate 4,3 --basis leg", ["legendre"]),
        ("report 4,3 --scheme tap", ["tapwise-8", "tapwise-pow2"]),
        ("report 4,3 --format m", ["markdown"]),
        ("basis 4,3 --bases canonical,cheb", ["canonical,chebyshev", "canonical,chebyshev-u"]),
        ("search 4,3 --objective worst", ["worst-case"]),
        ("search 4,3 --sp", ["--space"]),
        ("search --sp", ["--space"]),
        ("search sca", ["scaling"]),
        ("search chains 4,3 --objective error:bar", ["error:barabasz-2020-8", "error:barabasz-2020-8-9"]),
        ("search scaling 4,3 --scheme tapwise-8+u", ["tapwise-8+unsigned"]),
        ("selftest --format j", ["json"]),
        ("generate 4,3 --points dy", ["dyadic"]),
        ("compare 4,3 --points qu", ["quadratic"]),
        ("search 4,3 --space sym", ["symmetric", "symmetric-dyadic", "symmetric-integer"]),
        ("report 4,3 --fail-above noise", ["noise-gain=", "noise-gain-db="]),
        ("report 4,3 --fail-above loss:tap", ["loss:tapwise-8=", "loss:tapwise-pow2="]),
        ("report 4,3 --distribution rel", ["relu-gaussian"]),
        ("report 4,3 --scheme tapwise-8+m", ["tapwise-8+max-abs", "tapwise-8+mse"]),
        ("search 4,3 --strategy br", ["branch-and-bound"]),
        ("formats tap", ["tapwise-8", "tapwise-pow2"]),
        ("ver", ["verify"]),
    ],
)
def test_shells_complete_commands_and_values(words, offered):
    from click.shell_completion import BashComplete

    from wincraft.cli.main import main

    *arguments, incomplete = words.split()
    completions = BashComplete(main, {}, "wincraft", "_WINCRAFT_COMPLETE").get_completions(arguments, incomplete)
    assert [item.value for item in completions] == offered


@pytest.mark.parametrize(
    "words",
    ["verify f", "identify f", "report f", "generate f", "compare 4,3 f", "generate 4,3 -o f", "report 4,3 --data f"],
)
def test_shells_complete_files(words):
    from click.shell_completion import BashComplete

    from wincraft.cli.main import main

    *arguments, incomplete = words.split()
    found = BashComplete(main, {}, "wincraft", "_WINCRAFT_COMPLETE").get_completions(arguments, incomplete)
    assert [(item.value, item.type) for item in found] == [("f", "file")]


@pytest.mark.slow
def test_a_closed_pipe_is_no_traceback():
    script = f'"{sys.executable}" -c "{PRELUDE}" generate 100,3 | head -n 1'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert "Traceback" not in done.stderr


def test_formats_are_described_and_unknown_ones_refused(wincraft_here):
    assert "fp16: up to 65504" in wincraft_here("formats", check=0).stdout
    assert wincraft_here("formats", "q3.12", check=0).stdout.startswith("q3.12: -8 to")
    done = wincraft_here("formats", "fp15")
    assert_one_line_error(done, 3)
    assert "did you mean fp16" in done.stderr


def test_n_d_text_is_read_whole_and_doubled_matrices_must_agree(wincraft_here, tmp_path):
    (tmp_path / "f.txt").write_text(wc.render(wc.parse("F(2x4,3x3)"), "text"))
    assert wincraft_here("verify", "f.txt", check=0).stdout.startswith("F(2x4,3x3) proved")
    (tmp_path / "f.json").write_text('{"AT": [[1]], "A": [[5]], "G": [[1]], "BT": [[1]]}')
    assert "two that differ: A, not AT" in wincraft_here("verify", "f.json", check=3).stderr
    (tmp_path / "f.json").write_text('{"AT": [[1]], "A": [[1]], "G": [[1]], "BT": [[1]]}')
    wincraft_here("verify", "f.json", check=0)


def test_what_a_bare_json_states_is_checked(wincraft_here, tmp_path):
    content = {"m": 7, "AT": [["1"]], "G": [["1"]], "BT": [["1"]]}
    (tmp_path / "f.json").write_text(json.dumps(content))
    assert "m is 7" in wincraft_here("verify", "f.json", check=3).stderr
    (tmp_path / "f.json").write_text(json.dumps(content | {"m": 1, "scale": 1, "rank": 1}))
    wincraft_here("verify", "f.json", check=0)
    (tmp_path / "g.wc").write_text(wc.render(wc.winograd(2, 3), "json"))
    wincraft_here("verify", "g.wc", check=0)
    (tmp_path / "h.json").write_text(json.dumps(content | {"m": 1, "kind": "other"}))
    wincraft_here("identify", "h.json", check=3)


def test_a_link_is_written_through(tmp_path):
    (tmp_path / "target.json").write_text("")
    (tmp_path / "link.json").symlink_to("target.json")
    wincraft("generate", "2,3", "-o", "link.json", cwd=tmp_path, check=0)
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "target.json").read_text().startswith("{")
    assert_one_line_error(wincraft("generate", "2,3", "-o", "a" * 300, cwd=tmp_path), 3)


@pytest.mark.parametrize("words", [("4", "3"), ("4x4", "3x3")])
def test_a_size_in_two_words_is_told_how_to_write_it(words, wincraft_here):
    done = wincraft_here("generate", *words)
    assert_one_line_error(done, 2)
    assert f"write the size in one word: {','.join(words)}" in done.stderr


def test_several_algorithms_of_a_file_are_judged_one_by_one(wincraft_here, tmp_path):
    right = "AT_a = [[1, 1]]\nG_a = [[1, 0], [0, 1]]\nBT_a = [[1, 0], [0, 1]]\n"
    (tmp_path / "f.py").write_text(right + right.replace("_a", "_b").replace("[[1, 1]]", "[[1, 2]]"))
    done = wincraft_here("verify", "f.py", check=1)
    first, second = done.stdout.splitlines()
    assert first.startswith("G_a: F(1,2) proved")
    assert second.startswith("G_b: not F(1,2)")
    assert wincraft_here("verify", "f.py#G_a", check=0).stdout.startswith("F(1,2) proved")
    assert "G_b\nnot F(1,2)" in wincraft_here("identify", "f.py", check=1).stdout
    wincraft_here("identify", "f.py#G_b", check=1)


def test_n_d_documents_are_identified(wincraft_here, tmp_path):
    for name, format in (("f.json", "json"), ("f.txt", "text")):
        (tmp_path / name).write_text(wc.render(wc.parse("F(2x4,3x3)"), format))
        shown = wincraft_here("identify", name, check=0).stdout
        assert shown.startswith("F(2x4,3x3), rank 24 = 4*6")
        assert "F(2,3), rank 4, proved" in shown
        assert "F(4,3), rank 6, proved" in shown
        wincraft_here("identify", name, "-o", "back.json", check=0)
        assert wc.read(tmp_path / "back.json") == wc.parse("F(2x4,3x3)")
