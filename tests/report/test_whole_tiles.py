# SPDX-License-Identifier: Apache-2.0
"""Reports of algorithms that no algorithms of one axis make, and of such over a prime field."""

from __future__ import annotations

import json
from importlib import resources
from math import prod

import jsonschema
import numpy as np
import pytest
from oracle_tiles import forty_six, kronecker_square
from sympy import GF

from wincraft import compare, report, winograd
from wincraft.errors import NotApplicable
from wincraft.report import build_report, compare_bases, matrices_section
from wincraft.show import rendered


@pytest.fixture(scope="module")
def tile():
    return kronecker_square()


def test_what_scaling_and_axes_do_not_change_is_that_of_the_product(tile):
    mine, product = report(tile, []), report("F(2x2,3x3)", [])
    assert mine.noise.value == product.noise.value
    assert mine.amplification == product.amplification
    assert mine.costs.products == product.costs.products
    assert mine.conditioning.matrices["G"].cond_2 == pytest.approx(product.conditioning.matrices["G"].cond_2)
    assert mine.magnitudes == product.magnitudes


def test_it_is_written_in_every_format_and_its_document_fits_the_schema(tile):
    found = report(tile, "fp16")
    for format in ("text", "markdown", "html"):
        assert "F(2x2,3x3)" in rendered(found, format)
    schema = json.loads(resources.files("wincraft.report").joinpath("schema/report-1.json").read_text())
    document = json.loads(rendered(found, "json"))
    jsonschema.validate(document, schema)
    assert [axis["m"] for axis in document["algorithm"]["axes"]] == [[2, 2]]


def test_it_stands_beside_others(tile):
    assert len(compare(tile, "F(2x2,3x3)", schemes="fp16").columns) == 2


def test_a_tile_of_passes_and_no_axes_is_reported():
    found = report(forty_six(), [])
    assert "46 products for 16 outputs" in rendered(found)
    assert [table.header[0] for table in found.layout().sections[-1].tables][-1].startswith("B^T[")


def test_its_matrices_are_told_with_the_places_of_the_tile(tile):
    at, g, bt = (table for table in matrices_section(tile).tables)
    assert at.rows[1][0] == "y0,1"
    assert (g.header[1], bt.header[-1]) == ("g0,0", "d3,3")
    numbers = [[int(cell) for cell in row[1:]] for row in bt.rows]
    assert np.array_equal(numbers, np.array(tile.BT.tolist(), dtype=int))
    assert len(numbers) == tile.rank == prod((4, 4))


def test_bases_need_axes(tile):
    with pytest.raises(NotApplicable, match="axis by axis"):
        compare_bases(tile, ["canonical", "legendre"], schemes=[])


@pytest.mark.parametrize("of", [build_report, compare, compare_bases])
def test_a_prime_field_is_refused_by_name(of):
    with pytest.raises(NotApplicable, match=r"GF\(31\)"):
        of(winograd(2, 3).convert(GF(31)))
