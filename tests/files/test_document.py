# SPDX-License-Identifier: Apache-2.0
"""Documents: written, checked against the schema, read back identical; every false statement is refused."""

import json
from importlib import resources

import jsonschema
import pytest
from oracle_documents import document_1
from sympy import kronecker_product

import wincraft as wc
from wincraft.algorithm import Refuted
from wincraft.construct.chains import chained
from wincraft.emit import encode
from wincraft.errors import BadDocument, NotApplicable
from wincraft.files import algorithm_of, found_in, judge


def chain():
    alg = wc.winograd(2, 3, points="0,1,-1")
    halves = wc.winograd(2, 3, points="0,1,-1", convention="monic")
    diagonal = wc.LinearMap.of(halves.input.dense * halves.input.dense.inv())
    return wc.Algorithm(alg.output, alg.filter, wc.LinearMap.of(*alg.input.stages, *diagonal.stages))


def dense():
    """The Kronecker product of two F(2,3) as one map of whole tiles."""
    of_axis = wc.winograd(2, 3, points="0,1,-1")
    matrices = (kronecker_product(matrix, matrix).tolist() for matrix in (of_axis.AT, of_axis.G, of_axis.BT))
    return wc.Algorithm.from_matrices(*matrices, m=(2, 2), r=(3, 3))


ALGORITHMS = {
    "classic": lambda: wc.winograd(4, 3, points="0,1,-1,2,-2"),
    "integer": lambda: wc.winograd(4, 3, points="0,1,-1,2,-2", convention="integer"),
    "quadratic": lambda: wc.winograd(4, 3, moduli="0,1,-1,x^2+1@-1,inf", convention="balanced"),
    "cubic": lambda: wc.winograd(5, 3, moduli="0,1,x^3+x+1,-1,inf"),
    "sqrt2": lambda: wc.winograd(4, 3, points="0,sqrt(2)/2,-sqrt(2)/2,sqrt(2),-sqrt(2)"),
    "two roots": lambda: wc.winograd(3, 3, points="0,sqrt(2),sqrt(3),1"),
    "linear": lambda: wc.winograd(4, 3).transpose(),
    "rescaled": lambda: wc.winograd(2, 3).rescale(a=[1, 2, 3, 4], g=[12, 6, 4, 3]),
    "chain": chain,
    "image": lambda: wc.parse("F(4x4,3x3)"),
    "rectangle": lambda: wc.parse("F(2x4,3x5)", convention="lavin"),
    "large": lambda: wc.winograd(30, 3),
    "chains of images": lambda: chained(
        wc.winograd("F(4x4,3x3)", convention="integer"), "legendre output=butterfly/pow2"
    ),
    "GF(31)": lambda: wc.winograd(4, 3).convert("GF(31)"),
    "GF(31), images": lambda: wc.winograd("F(2x4,3x3)").convert("GF(31)"),
    "whole tiles": dense,
}


@pytest.fixture(scope="module")
def schema():
    return json.loads(resources.files("wincraft.files").joinpath("schema/algorithm-2.json").read_text())


def write(tmp_path, content):
    path = tmp_path / "f.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def document(size="F(2,3)", **changes):
    return json.loads(wc.render(wc.parse(size, points="0,1,-1"), "json")) | changes


@pytest.mark.parametrize("name", ALGORITHMS)
def test_round_trip_and_schema(name, tmp_path, schema):
    algorithm = ALGORITHMS[name]()
    text = wc.render(algorithm, "json")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(text), schema)
    back = wc.read(write(tmp_path, text))
    assert back == algorithm
    assert back.sha256 == algorithm.sha256
    assert wc.render(back, "json") == text


def test_no_number_of_the_algorithm_is_a_float():
    def floats(value):
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return isinstance(value, float) or any(floats(child) for child in children)

    assert not floats(json.loads(wc.render(wc.winograd(6, 3), "json")))


def test_schema_refuses_floats(schema):
    content = document()
    content["G"][1][1] = 0.5
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, schema)


def test_a_minimal_document_is_enough(tmp_path):
    content = {key: value for key, value in document().items() if key in ("m", "r", "AT", "G", "BT")}
    assert wc.read(write(tmp_path, content)) == wc.winograd(2, 3, points="0,1,-1")
    integers = content | {"AT": [[int(x) for x in row] for row in content["AT"]]}
    assert wc.read(write(tmp_path, integers)) == wc.winograd(2, 3, points="0,1,-1")


def test_a_changed_entry_is_refuted(tmp_path):
    content = document()
    content["BT"][1][2] = "2"
    with pytest.raises(Refuted, match="tap 1"):
        wc.read(write(tmp_path, content))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "wincraft.report"}, "kind is 'wincraft.report'"),
        ({"version": 3}, "version is 3"),
        ({"version": None}, "version is None"),
        ({"m": 3}, "m is [3]"),
        ({"rank": 5}, "rank is 5"),
        ({"domain": "QQ<sqrt(2)>"}, "sha256"),
        ({"domain": "ZZ"}, "a field is QQ"),
        ({"form": "sideways"}, "form is 'sideways'"),
        ({"moduli": ["0", "1", "-1"]}, None),
        ({"moduli": ["0", "1", "2", "inf"]}, "do not belong to its moduli"),
        ({"moduli": ["0", "1", "1", "inf"]}, "listed twice"),
        ({"moduli": 7}, "moduli is no list of texts"),
        ({"convention": "lavin"}, "not in convention 'lavin'"),
        ({"convention": "nonsense"}, "not in convention"),
        ({"sha256": "0" * 64}, "sha256"),
        ({"scale": "0"}, None),
        ({"scale": "x"}, "must not contain x"),
        ({"AT": [["1"]]}, "shape"),
        ({"AT": [["1", "2"], ["1"]]}, "rows"),
        ({"AT": []}, "rows"),
        ({"AT": "1 2"}, "no list of rows"),
        ({"AT": [[None, "1", "1", "0"], ["0", "1", "-1", "1"]]}, "not an exact number"),
        ({"G": [["1", "0", "0"], ["0.5", "1/2", "1/2"], ["1/2", "-1/2", "1/2"], ["0", "0", "1"]]}, "write 1/2"),
        ({"G": [["1", "0", "0"], [0.5, "1/2", "1/2"], ["1/2", "-1/2", "1/2"], ["0", "0", "1"]]}, "write 1/2"),
        ({"G": [["NaN", "0", "0"], ["1/2"] * 3, ["1/2", "-1/2", "1/2"], ["0", "0", "1"]]}, "not an exact number"),
        ({"G": [["1/0", "0", "0"], ["1/2"] * 3, ["1/2", "-1/2", "1/2"], ["0", "0", "1"]]}, "denominator"),
        ({"G": [["9" * 5000, "0", "0"], ["1/2"] * 3, ["1/2", "-1/2", "1/2"], ["0", "0", "1"]]}, "4000 digits"),
        ({"stages": {"BT": 3}}, "stages"),
        ({"stages": {"BT": [[["2"]]]}}, "shape"),
        ({"stages": 5}, "stages"),
        ({"axes": []}, "axes"),
        ({"axes": [3]}, "axes"),
    ],
)
def test_false_statements_are_refused_in_one_line(changes, reason, tmp_path):
    path = write(tmp_path, document_1(wc.winograd(2, 3, points="0,1,-1")) | changes)
    if reason is None:
        changes_nothing = "moduli" in changes
        if changes_nothing:
            assert wc.read(path).moduli is not None
        else:
            with pytest.raises(Refuted):
                wc.read(path)
        return
    with pytest.raises(BadDocument) as caught:
        wc.read(path)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "truncated"),
        ('{"m": 2, "r": 3, "AT": [["1",', "truncated"),
        ("[1, 2]", "holds a list"),
        ('{"m": 2}', "no rows of numbers"),
        ('{"m": NaN}', "no rows"),
        ("[" * 100_000, "not valid JSON"),
        ('{"m": ' + "9" * 5000 + "}", "not valid JSON"),
        ("\xff", "not valid JSON"),
    ],
)
def test_unreadable_files(text, reason, tmp_path):
    with pytest.raises(BadDocument) as caught:
        wc.read(write(tmp_path, text))
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_directory_and_bytes(tmp_path):
    for path in (tmp_path / "absent.json", tmp_path):
        with pytest.raises(BadDocument, match="check the path"):
            wc.read(path)
    (tmp_path / "b.json").write_bytes(b"\x89PNG\r\n\x00\x01")
    with pytest.raises(BadDocument, match="no text"):
        wc.read(tmp_path / "b.json")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 3}, "version is 3"),
        ({"m": [2, 3]}, "shape"),
        ({"m": [2]}, "m has 1 axes and r has 2"),
        ({"m": [2, -2]}, "m is [2, -2]"),
        ({"m": [2] * 5, "r": [3] * 5}, "1 to 4"),
        ({"rank": 15}, "rank is 15"),
        ({"field": "GF(4)"}, "no prime, so that this is no field"),
        ({"field": "GF(2)"}, "does not lie in GF(2)"),
        ({"field": "GF(31)"}, "sha256"),
        ({"scale": "2"}, None),
        ({"recipe": [{}]}, "for each axis"),
        ({"recipe": [{"moduli": ["0", "1", "2", "inf"]}] * 2}, "do not belong to its moduli"),
        ({"recipe": [{"moduli": ["0", "1", "-1", "inf"], "basis": "legendre"}] * 2}, "not made by basis 'legendre'"),
        ({"recipe": [{"moduli": ["0", "1", "-1", "inf"], "basis": 3}] * 2}, "not made by basis '3'"),
        ({"passes": []}, "no AT"),
        ({"passes": {"C": []}}, "other names"),
        ({"passes": {"AT": [], "G": [], "BT": []}}, "passes"),
        ({"passes": {"AT": [{"axis": 0, "matrix": [["1"]]}] * 2}}, "no G, BT"),
        ({"sha256": "1" * 64}, "sha256"),
    ],
)
def test_false_statements_of_images(changes, reason, tmp_path):
    path = write(tmp_path, document("F(2x2,3x3)", **changes))
    with pytest.raises((BadDocument, Refuted)) as caught:
        wc.read(path)
    assert (reason or "not F(2x2,3x3)") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [name for name in ALGORITHMS if name != "whole tiles"])
def test_version_1_is_still_read(name, tmp_path):
    algorithm = ALGORITHMS[name]()
    if algorithm.field.name == "QQ" or len(algorithm.m) == 1:
        assert wc.read(write(tmp_path, document_1(algorithm))) == algorithm


def test_matrices_of_whole_tiles_are_enough(tmp_path):
    of_axis = wc.winograd(2, 3, points="0,1,-1")
    whole = dense()
    texts = {"AT": whole.output.texts, "G": whole.filter.texts, "BT": whole.input.texts}
    back = wc.read(write(tmp_path, {"m": [2, 2], "r": [3, 3], **texts}))
    assert back == whole
    assert back.noise_gain() == of_axis.noise_gain() ** 2
    texts["BT"][0][0] = "7"
    with pytest.raises(Refuted, match="not F"):
        wc.read(write(tmp_path, {"m": [2, 2], "r": [3, 3], **texts}))


@pytest.mark.parametrize("name", ["GF(31)", "GF(31), images", "whole tiles"])
def test_what_identify_says_of_residues_and_whole_tiles(name, tmp_path):
    """What a document states of them is what is known: nothing is looked for among the fractions."""
    algorithm = ALGORITHMS[name]()
    found = found_in(write(tmp_path, wc.render(algorithm, "json")))
    verdicts = judge(found)
    assert algorithm_of(found, verdicts) == algorithm
    axes = algorithm.factors if algorithm.separable else (algorithm,)
    assert tuple(verdict.found.algorithm for verdict in verdicts) == axes
    assert all(("GF(31)" in repr(verdict.found)) == (not algorithm.field.ordered) for verdict in verdicts)
    with pytest.raises(NotApplicable, match=r"npz output|whole tiles|products of maps"):
        encode(algorithm, "npz")


def test_nested_documents_check_their_head(tmp_path):
    content = document_1(wc.parse("F(2x2,3x3)", points="0,1,-1"))
    assert wc.read(write(tmp_path, content)).rank == 16
    for changes in ({"rank": 15}, {"m": [2]}, {"scale": "2"}, {"sha256": "1" * 64}):
        with pytest.raises(BadDocument):
            wc.read(write(tmp_path, content | changes))
