# SPDX-License-Identifier: Apache-2.0
"""The names that people try first: they exist, take what is at hand, and say what they are."""

from __future__ import annotations

import importlib
import subprocess
import sys

import numpy as np
import pytest
import sympy
from oracle_messages import LONGEST, refused
from sympy import oo

import wincraft as wc
from wincraft.errors import BadSize, CannotWrite, NotApplicable, TooLarge, UnknownName, WrongType

F23 = wc.winograd(2, 3, points="0,1,-1")


def test_the_package_shows_its_public_names_and_nothing_else():
    assert set(dir(wc)) == {*wc.__all__, "__version__"}
    assert all(callable(getattr(wc, name)) for name in wc.__all__ if name != "CONVENTIONS")


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, wincraft; print({'numpy', 'sympy', 'scipy', 'mpmath'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_report_and_search_are_called_by_their_packages_names_whatever_was_imported_before():
    for module in ("wincraft.report.build", "wincraft.search.points.search"):
        importlib.import_module(module)
    report = wc.report("F(2x2,3x3)", ["fp16", wc.Scheme("exact")], layer="4,4,8,8")
    assert report.algorithm == wc.parse("F(2x2,3x3)")
    assert [item.scheme.name for item in report.schemes] == ["fp16", "exact"]
    assert str(report.layer.layer) == "4,4,8,8"
    found = wc.search(wc.Space(2, 3, height=2), "noise-gain")
    assert found.best.value == str(found.settings.objective.value(wc.winograd(2, 3, points="0,1,-1"))) == "5/3"
    assert wc.search("2x2,3x3", height=2).best.value == "25/9"
    with refused(BadSize, "alike"):
        wc.search("2x3,3x3", height=2)


def test_compare_takes_sizes_and_algorithms():
    comparison = wc.compare("2,3", F23.rescale(a=[2, 1, 1, 1], g=["1/2", 1, 1, 1]), schemes="fp16")
    assert [column.description.partition(",")[0] for column in comparison.columns] == ["F(2", "F(2"]
    assert "convention none" in comparison.columns[1].description


def test_simulate_and_evaluate_take_schemes_by_name_and_make_their_data():
    measured = wc.simulate(F23, "tapwise-8")
    assert measured.decibels == wc.evaluate(F23, "tapwise-8").measured
    assert measured.decibels == wc.simulate(F23, "tapwise-8", wc.Workload()).decibels
    with refused(UnknownName, "tapwise-8"):
        wc.simulate(F23, "tapwise-9")


def test_points_are_numbers_that_make_the_algorithm_again():
    alg = wc.winograd(4, 3, points="0,1/2,-1/2,sqrt(2),-sqrt(2)")
    half = sympy.Rational(1, 2)
    assert alg.points == (0, half, -half, sympy.sqrt(2), -sympy.sqrt(2), oo)
    assert wc.winograd(4, 3, points=alg.points) == alg
    assert wc.winograd(4, 3, moduli="0,1,-1,x^2+1,inf").points is None
    assert wc.Algorithm.from_matrices(alg.AT, alg.G, alg.BT).points is None


def test_moduli_show_themselves_as_they_are_written():
    assert repr(wc.winograd(3, 3, moduli="1/2,x^2+1,0,inf").moduli) == "(1/2, x^2+1@1, 0, inf)"


def test_a_and_b_are_the_transposes():
    assert F23.A == F23.AT.T
    assert F23.B == F23.BT.T


def test_representations_tell_basis_and_scaling():
    plain = wc.winograd(4, 3)
    texts = [repr(plain), repr(plain.change_basis("legendre")), repr(plain.change_basis(output="legendre")),
             repr(wc.balance(plain)), repr(plain.rescale(a=[2] * 6))]  # fmt: skip
    assert len(set(texts)) == 5
    assert "A^T in 2 stages, G in 2 stages, B^T in 2 stages" in texts[1]
    assert "own scaling" in texts[3]
    nested = wc.nest(plain, plain.change_basis(input="legendre"))
    assert "B^T in 2 stages" in repr(nested)


def test_convert_refuses_the_name_of_a_convention_in_one_line():
    with refused(WrongType, "'lavin' is not a domain", "convention="):
        F23.convert("lavin")


def test_a_map_is_an_array_where_one_is_needed():
    np.testing.assert_array_equal(np.asarray(F23.input), F23.to_numpy()[2])
    assert np.asarray(F23.filter, dtype="float16").dtype == np.float16


def test_entries_beyond_a_float_are_refused_not_infinite():
    long = wc.winograd(20, 3)
    with refused(TooLarge, "float16", "65504"):
        long.to_numpy("float16")
    assert np.isfinite(long.to_numpy("float32")[0]).all()
    with refused(TooLarge, "float16"):
        long.convolve(np.ones(40, dtype="float16"), np.ones(3, dtype="float16"))


def test_a_tensor_is_not_convolved_without_a_word():
    class Tensor:
        __module__ = "torch"

    with refused(WrongType, "wincraft.torch"):
        F23.convolve(Tensor(), np.ones(3))


def test_the_catalogue_by_size():
    entry = wc.catalogue(4, 3)
    assert entry is wc.catalogue("F(4,3)") is wc.catalogue()[4, 3]
    assert "catalogue of 171 sizes" in repr(wc.catalogue())
    with refused(NotApplicable, "no F(20,3)", "winograd"):
        wc.catalogue(20, 3)
    with refused(BadSize, "one axis"):
        wc.catalogue("F(4x4,3x3)")
    with pytest.raises(TypeError):
        wc.catalogue()[4, 3] = None


def test_write_is_the_counterpart_of_read(tmp_path):
    path = tmp_path / "f.json"
    nested = wc.parse("F(2x4,3x3)")
    wc.write(nested, path)
    assert wc.read(path) == nested
    wc.write(F23, tmp_path / "f", format="latex")
    assert (tmp_path / "f").read_text() == wc.render(F23, "latex")
    with refused(UnknownName, "suffix '.pdf'", ".json", "any other with format="):
        wc.write(F23, tmp_path / "f.pdf")
    wc.write(F23, tmp_path / "plain")
    assert (tmp_path / "plain").read_text() == wc.render(F23, "text")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["f", "f.json", "plain"]


@pytest.mark.parametrize("name", ["", "folder", "no/such/f.json", "loop", "a\0b"])
def test_what_cannot_be_written_is_refused_in_one_line_and_leaves_nothing(name, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with refused(CannotWrite):
        wc.write(F23, tmp_path / name if name else "", format="json")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["folder", "loop"]


def test_a_full_disk_is_told():
    with refused(CannotWrite, "/dev/full"):
        wc.write(F23, "/dev/full", format="json")


ONE, TWO = F23, wc.parse("F(2x2,3x3)")
ARRAYS = (np.ones((1, 2, 8, 8)), np.ones((3, 2, 3, 3)))
MISTAKEN = {
    "report of a number": lambda: wc.report(5),
    "report of a list": lambda: wc.report([ONE]),
    "report without an algorithm": lambda: wc.report(None),
    "scheme of a number": lambda: wc.report(ONE, 5),
    "scheme among schemes": lambda: wc.report(ONE, ["fp16", None]),
    "layer of a number": lambda: wc.report(ONE, [], layer=5),
    "layer of a tuple": lambda: wc.report(ONE, [], layer=(4, 4, 8)),
    "arrays as they are": lambda: wc.report(TWO, "fp16", workload=ARRAYS),
    "name of a distribution": lambda: wc.evaluate(ONE, "fp16", "gaussian"),
    "integers by name": lambda: wc.report(ONE, [], integers="uint8"),
    "comparison of a list": lambda: wc.compare([ONE, ONE]),
    "comparison of a number": lambda: wc.compare(ONE, 5, schemes=[]),
    "simulation of a size": lambda: wc.simulate("2,3", "fp16"),
    "simulation of a number": lambda: wc.simulate(ONE, 5),
    "simulation on a number": lambda: wc.simulate(ONE, "fp16", 5),
    "evaluation of a size": lambda: wc.evaluate("2,3", "fp16"),
    "evaluation of schemes": lambda: wc.evaluate(ONE, ["fp16"]),
    "text of a size": lambda: wc.render("2,3"),
    "header of a number": lambda: wc.render(5, "c"),
    "file of a size": lambda: wc.write("2,3", "f.npz"),
    "balancing a size": lambda: wc.balance("2,3"),
    "basis of a size": lambda: wc.change_basis("2,3", "legendre"),
    "factors of a matrix": lambda: wc.factorise(ONE.BT),
    "objective of a number": lambda: wc.search("2,3", 5, height=2),
    "height as text": lambda: wc.search("2,3", height="2"),
    "height of a float": lambda: wc.search("2,3", height=2.5),
    "distance as text": lambda: wc.search("2,3", height=2, within="1%"),
    "limit as text": lambda: wc.search("2,3", height=2, time_limit="1m"),
    "constraint of a number": lambda: wc.search("2,3", height=2, constraints=5),
    "constraints of numbers": lambda: wc.search("2,3", height=2, constraints=[5]),
    "maps of numbers": lambda: wc.Algorithm(1, 2, 3),
    "stages of lists": lambda: wc.LinearMap.of([[1]]),
    "stages of a number": lambda: wc.LinearMap((3,), 5),
    "format as text": lambda: wc.Scheme("own", U="int8"),
    "explorer of an algorithm": lambda: wc.explore(ONE),
    "probing a number": lambda: wc.probe(5, 3),
    "probing what works in place": lambda: wc.probe(lambda values: None, 3),
    "probing a length in text": lambda: wc.probe(lambda values: values, "3"),
    "catalogue of half a size": lambda: wc.catalogue(4),
    "catalogue of a pair": lambda: wc.catalogue((4, 3)),
    "catalogue of texts": lambda: wc.catalogue("4", "3"),
    "matrices of three axes": lambda: wc.identify(*(array[None] for array in ONE.to_numpy())),
}  # fmt: skip


@pytest.mark.parametrize("call", MISTAKEN.values(), ids=MISTAKEN)
def test_an_argument_of_another_kind_is_refused_at_the_door(call):
    with pytest.raises(wc.WincraftError) as caught:
        call()
    text = str(caught.value)
    assert len(text) < LONGEST
    assert len(text.splitlines()) == 1


def test_one_constraint_may_stand_alone():
    alone, listed = (wc.search("2,3", height=2, constraints=given) for given in ("exact-bits<=20", ["exact-bits<=20"]))
    assert alone.best == listed.best


def test_points_may_be_a_tensor():
    torch = pytest.importorskip("torch")
    assert wc.winograd(2, 3, points=torch.tensor([0, 1, -1])) == F23
