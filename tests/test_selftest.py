# SPDX-License-Identifier: Apache-2.0
"""The self-test passes here, and fails where a part is broken."""

import importlib
import shutil
import sys

import pytest

from wincraft import selftest
from wincraft.selftest import CHECKS, run_checks

needs_cc = pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="no C compiler")


def outcome(name, monkeypatch):
    monkeypatch.setattr(selftest, "CHECKS", {name: CHECKS[name]})
    (check,) = run_checks()
    return check


def test_everything_works_here():
    checks = list(run_checks())
    assert [check.name for check in checks] == list(CHECKS)
    compiler = any(map(shutil.which, ("cc", "gcc", "clang")))
    assert {check.outcome for check in checks} == ({"ok"} if compiler else {"ok", "skipped"})


def test_a_wrong_catalogue_is_found(monkeypatch):
    from wincraft.construct import catalogue

    entry = catalogue()[4, 3]
    choice = type(entry.uses["accuracy"])("0,1,-1,2", "1", "")
    wrong = {(4, 3): type(entry)(4, 3, {"accuracy": choice}, entry.limit, ())}
    monkeypatch.setattr(sys.modules["wincraft.construct.catalogue"], "catalogue", lambda: wrong)
    found = outcome("proofs", monkeypatch)
    assert found.outcome == "failed"
    assert "WrongTotalDegree" in found.detail


def test_a_proof_that_accepts_everything_is_found(monkeypatch):
    monkeypatch.setattr("wincraft.algorithm.bilinear.Algorithm.from_matrices", lambda *matrices: None)
    assert "accepted" in outcome("refutation", monkeypatch).detail


def test_a_wrong_document_is_found(monkeypatch):
    from wincraft import winograd

    document = importlib.import_module("wincraft.files.document")
    monkeypatch.setattr(document, "parse_document", lambda content: winograd(2, 3))
    assert outcome("JSON", monkeypatch).outcome == "failed"


@needs_cc
def test_a_wrong_header_is_found(monkeypatch):
    from wincraft.emit import render

    monkeypatch.delenv("CC", raising=False)
    assert outcome("C header", monkeypatch).outcome == "ok"
    # one sum in the output transform becomes a difference
    change = lambda *given: render(*given).replace(" + ", " - ", 400)  # noqa: E731
    monkeypatch.setattr("wincraft.emit.writing.render", change)
    assert outcome("C header", monkeypatch).outcome == "failed"


def test_the_compiler_may_be_absent_or_fail(monkeypatch, tmp_path):
    monkeypatch.setenv("CC", "no-such-compiler")
    found = outcome("C header", monkeypatch)
    assert (found.outcome, "no-such-compiler" in found.detail) == ("failed", True)
    monkeypatch.setenv("CC", "false")
    assert "exit code 1" in outcome("C header", monkeypatch).detail
    monkeypatch.delenv("CC")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert outcome("C header", monkeypatch).outcome == "skipped"


def test_a_wrong_prediction_is_found(monkeypatch):
    monkeypatch.setattr(selftest, "LARGEST_DIFFERENCE", 0.001)
    found = outcome("simulation", monkeypatch)
    assert found.outcome == "failed"
    assert "predicted" in found.detail


def test_absent_packages_are_said(monkeypatch):
    monkeypatch.setattr(selftest, "OPTIONAL", ("numpy", "no-such-package"))
    assert "no-such-package absent" in outcome("optional", monkeypatch).detail
