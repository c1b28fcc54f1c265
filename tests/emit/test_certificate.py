# SPDX-License-Identifier: Apache-2.0
"""Certificates: what they state agrees with the package, Coq accepts them, and every corruption of them is refused."""

from __future__ import annotations

import random
import re
import shutil
import subprocess

import pytest

from wincraft import change_basis, winograd
from wincraft.emit import render
from wincraft.emit.coq.certificate import CLOSED, LIBRARY
from wincraft.emit.coq.checking import check_certificate
from wincraft.errors import ClaimRefuted, MissingTool, NotApplicable, ToolFailed, WrongForm
from wincraft.measure.channels import channel_counts
from wincraft.measure.integers import Integers
from wincraft.measure.ranges import ranges
from wincraft.numbers.box import Box

needs_coq = pytest.mark.skipif(shutil.which("coqc") is None, reason="needs coqc, of the package coq")
RANK_7 = {"moduli": "0,1,-1,x^2+1,inf", "nested": True, "convention": "integer"}
RANK_10 = {"moduli": "0,1,-1,x^2+x+1,x^2-x+1,inf", "nested": True, "convention": "integer"}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """A folder with the library compiled once: what a certificate answers, as an exit code and text."""
    folder = tmp_path_factory.mktemp("coq")
    shutil.copy(LIBRARY, folder)
    done = subprocess.run(["coqc", "-q", LIBRARY.name], cwd=folder, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr

    def run(text):
        (folder / "certificate.v").write_text(text)
        return subprocess.run(["coqc", "-q", "certificate.v"], cwd=folder, capture_output=True, text=True, check=False)

    return run


def accepted(run):
    return not run.returncode and run.stdout.count(CLOSED) == 1 and "Axioms" not in run.stdout


SIZES = {
    "F(2,3)": ("F(2,3)", {}),
    "F(4x4,3x3)": ("F(4x4,3x3)", {}),
    "F(6x6,3x3)": ("F(6x6,3x3)", {}),
    "rank 7": ("F(4x4,3x3)", RANK_7),
    "rank 10": ("F(6x6,3x3)", RANK_10),
    "46 products": ("F(4x4,3x3)", {"moduli": "0,1,-1,x^2+1,inf", "convention": "integer"}),
    "46 products, pass by pass": ("F(4x4,3x3)", {"moduli": "0,1,-1,x^2+1,inf"}),
    "different axes": ("F(2x4,3x2)", {}),
    "side by side": ("F(4+3,3)", {}),
    "one output": ("F(1,1)", {}),
}


@pytest.mark.slow_cases("46 products", "rank", "F(6x6,3x3)", "side by side", "different axes", "F(4x4,3x3)")
@needs_coq
@pytest.mark.parametrize("name", SIZES)
def test_coq_accepts_without_axioms(compiled, name):
    size, options = SIZES[name]
    assert accepted(compiled(render(winograd(size, **options), "coq")))


@needs_coq
@pytest.mark.slow
def test_coq_accepts_the_catalogue_of_three_taps(compiled):
    for m in range(1, 17):
        assert accepted(compiled(render(winograd(m, 3), "coq"))), m


@needs_coq
def test_a_base_change_is_certified_as_one_matrix_and_one_circuit(compiled):
    assert accepted(compiled(render(change_basis(winograd(4, 3), "legendre"), "coq")))


@pytest.mark.parametrize("data", [Box.signed(8), Box.unsigned(8)])
def test_the_counts_are_those_of_the_measures(data):
    algorithm = winograd("F(2x2,3x3)", convention="integer")
    text = render(algorithm, "coq", Integers(data=data))
    counts = channel_counts(ranges(algorithm, data))
    most = re.findall(r"Z\.of_nat C <= (\d+)", text)
    assert [int(number) for number in most] == [counts.products, counts.wrapping]
    assert algorithm.sha256 in text


def corruptions(text):
    """Texts with one number of a table, a range, or a count changed by one: (what, text)."""
    rng = random.Random(0)
    theorems = text.split("\n\n")

    def changed(part, pattern, step):
        found = list(re.finditer(pattern, part))
        number = rng.choice(found)
        return part[: number.start()] + str(int(number[0]) + step) + part[number.end() :]

    def numbered(wanted):
        return [k for k, part in enumerate(theorems) if re.search(wanted, part)]

    kinds = (
        (r"^Definition axis\d_(G|BT|AT) : matrix", r"(?<=[\[ ;])-?\d+(?=[\];])", 1),
        (r"^Theorem (filter|data)_ranges|Theorem product_ranges", r"(?<=, )\d+(?=\))", -1),
        (r"Theorem (products|outputs)_fit", r"(?<=C <= )\d+", 1),
        (r"Theorem (products|outputs)_too_many", r"(?<=Z\.to_nat )\d+", -1),
        (r"Definition axis\d_\w+ : list operation", r"(?<=, )\d+(?=%N\))", -1),
    )
    for wanted, pattern, step in kinds:
        for _ in range(8):
            places = [k for k in numbered(wanted) if re.search(pattern, theorems[k])]
            k = rng.choice(places)
            part = changed(theorems[k], pattern, step)
            yield wanted, "\n\n".join([*theorems[:k], part, *theorems[k + 1 :]])


@needs_coq
@pytest.mark.slow
def test_corruptions_are_refused(compiled):
    text = render(winograd("F(4x4,3x3)", convention="integer"), "coq")
    assert accepted(compiled(text))
    found = list(corruptions(text))
    assert len(found) == 40
    for what, corrupted in found:
        assert corrupted != text
        assert compiled(corrupted).returncode, what


@pytest.mark.slow
@needs_coq
def test_check_says_what_coq_says(tmp_path):
    text = render(winograd(2, 3), "coq")
    assert check_certificate(text) == "Coq accepts the certificate: no axioms"
    with pytest.raises(ClaimRefuted, match=r"claims line \d+: "):
        check_certificate(text.replace("Z.of_nat C <= ", "Z.of_nat C <= 1"))
    with pytest.raises(ClaimRefuted, match="axioms"):
        check_certificate(
            text.replace("Proof. exact (identity_is_convolution algorithm C g d i checked). Qed.", "Admitted.")
        )


def test_check_without_coq_and_with_another_version(tmp_path, monkeypatch):
    monkeypatch.setenv("COQC", "no-such-coqc")
    with pytest.raises(MissingTool, match="no-such-coqc") as found:
        check_certificate("")
    assert found.value.exit_code == 4
    old = tmp_path / "coqc"
    old.write_text(
        "#!/bin/sh\n"
        '[ "$1" = --print-version ] && { echo 8.4 4.02; exit 0; }\n'
        "printf 'File \"./Wincraft.v\", line 11, characters 0-9:\\nError: Syntax error\\n' >&2\n"
        "exit 1\n"
    )
    old.chmod(0o755)
    monkeypatch.setenv("COQC", str(old))
    with pytest.raises(ToolFailed, match=r"under Coq 8\.4 failed: line 11: Syntax error; take Coq 8\.16"):
        check_certificate("")


def test_what_cannot_be_certified():
    with pytest.raises(NotApplicable, match=r"not rational|sqrt"):
        render(winograd(2, 3, points="0,sqrt(2),-sqrt(2)"), "coq")
    with pytest.raises(WrongForm):
        render(winograd(2, 3).transpose(), "coq")
