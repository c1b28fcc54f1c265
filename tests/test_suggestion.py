# SPDX-License-Identifier: Apache-2.0
"""Suggestions by meaning and by spelling; every group of words leads to a name that there is."""

from __future__ import annotations

import pytest

from wincraft import CONVENTIONS
from wincraft.cli.main import COMMANDS
from wincraft.construct import FACTORISATIONS, families
from wincraft.emit import BINARY, EMITTERS, SUFFIXES
from wincraft.measures import MEASURES
from wincraft.numbers import FORMATS, GRANULARITIES, ORDERS
from wincraft.quantise import DISTRIBUTIONS, SCHEMES
from wincraft.search import STRATEGIES
from wincraft.search.points.space import NUMBERS, SHAPES
from wincraft.show import RENDERER_SUFFIXES, RENDERERS
from wincraft.suggestion import ALIKE, suggestion

CALIBRATIONS = ("max-abs", "percentile", "mse")
REGISTRIES = {
    "distribution": DISTRIBUTIONS, "format": FORMATS, "scheme": SCHEMES, "granularity": GRANULARITIES,
    "calibration": CALIBRATIONS, "emitter": EMITTERS | BINARY, "renderer": RENDERERS, "convention": CONVENTIONS,
    "basis": [*families(), "canonical", *FACTORISATIONS], "strategy": STRATEGIES, "space": [*NUMBERS, *SHAPES],
    "measure": MEASURES, "order": ORDERS, "command": COMMANDS,
}  # fmt: skip


@pytest.mark.parametrize("words", ALIKE, ids=lambda words: words[0])
def test_every_group_has_a_name_of_a_registry(words):
    assert any(words[0] in registry for registry in REGISTRIES.values())
    assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("registry", "given", "meant"),
    [
        ("distribution", "normal", "gaussian"),
        ("distribution", "ReLU", "relu-gaussian"),
        ("format", "half", "fp16"),
        ("format", "float", "fp32"),
        ("format", "e4m3", "fp8-e4m3"),
        ("format", "BFloat16", "bf16"),
        ("scheme", "double", None),
        ("scheme", "FP16", "fp16"),
        ("scheme", "tapwise_8", "tapwise-8"),
        ("scheme", "int8", "barabasz-2020-8"),
        ("scheme", "e5m2", "fp8-e5m2"),
        ("emitter", "tex", "latex"),
        ("emitter", "h", "c"),
        ("renderer", "md", "markdown"),
        ("renderer", "htm", "html"),
        ("convention", "lavin-gray", "lavin"),
        ("convention", "Lavin & Gray", "lavin"),
        ("convention", "standard", "wincnn"),
        ("basis", "standard", "canonical"),
        ("basis", "Tschebyscheff", "chebyshev"),
        ("basis", "legendree", "legendre"),
        ("command", "prove", "verify"),
        ("command", "catalog", "catalogue"),
        ("command", "xyzzy", None),
        ("strategy", "", None),
    ],
)
def test_what_is_meant(registry, given, meant):
    assert suggestion(given, REGISTRIES[registry]) == meant


@pytest.mark.parametrize(
    ("given", "meant"), [(".latex", ".tex"), (".markdown", ".md"), (".hh", ".h"), (".npy", ".npz")]
)
def test_suffixes(given, meant):
    assert suggestion(given, {**SUFFIXES, **RENDERER_SUFFIXES}) == meant


@pytest.mark.parametrize("name", REGISTRIES)
def test_a_known_name_means_itself(name):
    assert [suggestion(item.upper(), REGISTRIES[name]) for item in REGISTRIES[name]] == list(REGISTRIES[name])
