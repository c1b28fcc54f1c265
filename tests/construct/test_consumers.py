# SPDX-License-Identifier: Apache-2.0
"""Every table that public libraries ship is regenerated exactly from its points and row scalings, and proved.

One of them is wrong as shipped, and must be refuted with the two rows that are.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from oracle_convolution import computes_the_convolution, correlate_tile
from oracle_messages import refused
from sympy import Matrix, Rational, eye

from wincraft import Algorithm, winograd
from wincraft.algorithm import Refuted
from wincraft.construct import canonical_taps, parse_moduli
from wincraft.construct.conventions import Scaling, scaled_algorithm
from wincraft.exact import exact_number

ENTRIES = json.loads((Path(__file__).parent.parent / "golden" / "consumers.json").read_text(encoding="utf-8"))[
    "entries"
]
RIGHT = [entry for entry in ENTRIES if entry["computes_the_convolution"]]
(WRONG,) = [entry for entry in ENTRIES if not entry["computes_the_convolution"]]

CONVENTION = {
    "IREE LinalgExt F(6,3)": "wincnn",
    "NNPACK winograd F(6,3)": "homogeneous",
    "ncnn fp32 F(4,3)": "wincnn",
    "oneDNN x64 f32 jit_wino_4x3 F(4,3) (removed 2023-02)": "wincnn",
    "MLIR linalg WinogradConv2D F(2,3)": "monic",
    "TVM topi winograd_transform_matrices F(4,3)": "monic",
    "PyTorch depthwise 3x3 winograd F(2,3)": "lavin",
    "hpca-uji convWinograd F(2,5)": "wincnn",
    "neon winograd4.py F(4,3) variant 2: fractions in B": "fractions-in-b",
    "BasiaBarabasz/Winograd matrix_input_4 F(4,3)": "positive-g",
}


def name_of(entry):
    return entry["name"].replace(" ", "-")


def matrices(entry):
    return [Matrix([[exact_number(text) for text in row] for row in entry[name]]) for name in ("AT", "G", "BT")]


def regenerated(entry):
    taps = canonical_taps(entry["m"], entry["r"], parse_moduli(entry["points"]))
    a, g, b = (
        [taps.K.from_sympy(exact_number(text)) for text in entry["row_scaling"][name]]
        for name in ("AT_col", "G_row", "BT_row")
    )
    made = scaled_algorithm(taps, Scaling(a, g, b, exact_number(entry["scale"])), None)
    return made.transpose() if entry["form"] == "linear" else made


def test_the_file_holds_what_is_claimed():
    assert len(ENTRIES) == 14
    assert WRONG["name"].startswith("WinogradAwareNets")


@pytest.mark.parametrize("entry", RIGHT, ids=name_of)
def test_regenerated_from_points_and_row_scalings(entry):
    made = regenerated(entry)
    assert matrices(entry) == [made.AT, made.G, made.BT]
    assert made.scale == exact_number(entry["scale"])
    assert (made.form == "linear") == (entry["form"] == "linear")


@pytest.mark.parametrize("entry", RIGHT, ids=name_of)
def test_the_bare_matrices_are_proved_and_their_scale_found(entry):
    form = "linear" if entry["form"] == "linear" else "correlation"
    proved = Algorithm.from_matrices(entry["AT"], entry["G"], entry["BT"], form=form)
    assert (*proved.m, *proved.r, proved.rank) == (entry["m"], entry["r"], len(entry["points"]))
    assert proved.scale == exact_number(entry["scale"])
    assert proved == regenerated(entry)
    assert computes_the_convolution(entry["AT"], entry["G"], entry["BT"], entry["scale"]), "by the definition"


def test_the_linear_entry_multiplies_polynomials():
    (entry,) = [entry for entry in RIGHT if entry["form"] == "linear"]
    made = regenerated(entry)
    signal, taps = [3, -2], [1, 4, 0, -5, 7]
    padded = [0] * 4 + signal + [0] * 4
    assert made.apply(signal, taps) == list(correlate_tile(padded, taps[::-1]))


@pytest.mark.parametrize("entry", [entry for entry in RIGHT if entry["name"] in CONVENTION], ids=name_of)
def test_the_named_convention_writes_the_shipped_table(entry):
    made = winograd(entry["m"], entry["r"], points=entry["points"], convention=CONVENTION[entry["name"]])
    assert matrices(entry) == [made.AT, made.G, made.BT]
    assert made.scale == 1


def test_the_wrong_table_is_refuted_with_its_two_wrong_rows():
    assert not computes_the_convolution(WRONG["AT"], WRONG["G"], WRONG["BT"], WRONG["scale"])
    with refused(Refuted, "F(6,3)", "taps 5 and 7", "-1/12 and -12") as caught:
        Algorithm.from_matrices(WRONG["AT"], WRONG["G"], WRONG["BT"])
    diagnosis = caught.value.diagnosis
    assert diagnosis.row_scales == ((5, "-1/12"), (7, "-12"))
    assert diagnosis.taps == (5, 7)
    assert diagnosis.scale == "1"
    assert diagnosis.repairs == ()


def test_the_wrong_table_is_refuted_when_regenerated():
    with refused(Refuted, "taps 5 and 7", "-1/12 and -12"):
        regenerated(WRONG)


def test_the_wrong_table_is_proved_once_repaired_as_told():
    with refused(Refuted) as caught:
        Algorithm.from_matrices(WRONG["AT"], WRONG["G"], WRONG["BT"])
    AT, G, BT = matrices(WRONG)
    repair = eye(8)
    for tap, product in caught.value.diagnosis.row_scales:
        repair[tap, tap] = 1 / Rational(product)
    assert Algorithm.from_matrices(AT, G, repair * BT).scale == 1
