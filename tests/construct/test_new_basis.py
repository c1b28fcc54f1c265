# SPDX-License-Identifier: Apache-2.0
"""A basis that is registered is found by whatever offers bases."""

from __future__ import annotations

import pytest
from sympy import Poly, factorial
from sympy.abc import x

from wincraft import explore, winograd
from wincraft.cli.shared.command import basis_names
from wincraft.construct import parse_basis
from wincraft.construct.bases import ORTHOGONAL
from wincraft.search import search_chains


@pytest.fixture
def taylor(monkeypatch):
    """x^k / k!, registered for the test."""
    family = (lambda size: [Poly(x**k / factorial(k), x) for k in range(size)], (0,))
    monkeypatch.setitem(ORTHOGONAL, "taylor", family)
    return "taylor"


def test_it_is_read_and_completed(taylor):
    assert parse_basis(f"{taylor}:classical").matrix(3).to_Matrix().diagonal().tolist() == [[1, 1, factorial(2) ** -1]]
    assert taylor in basis_names()


def test_the_chain_search_tries_it(taylor):
    assert taylor in {candidate for _, candidate, _ in search_chains(winograd(2, 3)).tried}


def test_the_explorer_offers_it(taylor):
    pytest.importorskip("ipywidgets", reason="needs the extra notebooks")
    assert taylor in explore("F(2,3)").basis.options
