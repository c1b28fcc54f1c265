# SPDX-License-Identifier: Apache-2.0
"""Networks with our layers leave PyTorch as plain operators: through `torch.export`, and through ONNX."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from oracle_layers import ALGORITHMS
from torch import nn
from torch.nn import functional

from wincraft.torch import WinogradConv2d, calibrate, convert

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
needs_onnx = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("onnx", "onnxscript", "onnxruntime"))),
    reason="onnx, onnxscript or onnxruntime is not installed",
)


class Network(nn.Module):
    """Two layers that take the algorithm, and one of stride 2 that stays direct."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 3, padding=1, bias=False, groups=2)
        self.third = nn.Conv2d(8, 4, 3, stride=2)

    def forward(self, x):
        x = functional.relu(self.first(x))
        return self.third(functional.relu(self.second(x)) + x)


def images(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def plain(program):
    """The operators of an exported program, decomposed."""
    targets = {node.target for node in program.run_decompositions().graph.nodes if node.op == "call_function"}
    return {str(target) for target in targets if "getitem" not in str(target)}


LAYERS = {
    "F4 wincnn": lambda: convert(Network().eval(), ALGORITHMS["F4 wincnn"]()),
    "F4 quadratic": lambda: convert(Network().eval(), ALGORITHMS["F4 quadratic"]()),
    "F4 legendre": lambda: convert(Network().eval(), ALGORITHMS["F4 legendre"]()),
    "learned matrices": lambda: convert(Network().eval(), "F(2x2,3x3)", transforms="flex"),
    "a decomposed stride": lambda: convert(Network().eval(), lambda name, layer: "F(4x4,3x3)"),
}


@pytest.mark.parametrize("name", LAYERS)
def test_torch_export_gives_operators_of_aten(name):
    model, x = LAYERS[name](), images(2, 3, 13, 14)
    program = torch.export.export(model, (x,))
    with torch.no_grad():
        torch.testing.assert_close(program.module()(x), model(x), rtol=0, atol=0)
    found = plain(program)
    assert all(item.startswith("aten.") for item in found), found
    assert "aten.bmm.default" in found


def test_one_axis_leaves_as_operators_of_aten_too():
    model, x = convert(nn.Sequential(nn.Conv1d(3, 4, 3), nn.ReLU()).eval(), "F(4,3)"), images(2, 3, 20)
    program = torch.export.export(model, (x,))
    assert all(item.startswith("aten.") for item in plain(program))
    with torch.no_grad():
        torch.testing.assert_close(program.module()(x), model(x), rtol=0, atol=0)


def by_onnx(model, x, path, *more):
    """The kinds of operators in ONNX, and what onnxruntime gives for images and for more of them."""
    import onnx
    import onnxruntime

    torch.onnx.export(model, (x,), dynamo=True, verbose=False).save(path)
    loaded = onnx.load(path)
    assert {node.domain for node in loaded.graph.node} == {""}
    assert not loaded.functions
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    return [node.op_type for node in loaded.graph.node], [
        session.run(None, {given.name: y.numpy()})[0] for y in (x, *more)
    ]


@needs_onnx
@pytest.mark.parametrize("name", LAYERS)
def test_onnxruntime_gives_the_same_numbers(name, tmp_path):
    model, x = LAYERS[name](), images(2, 3, 13, 14)
    operators, (found,) = by_onnx(model, x, tmp_path / "network.onnx")
    with torch.no_grad():
        np.testing.assert_allclose(found, model(x).numpy(), rtol=1e-5, atol=1e-5)
    direct = sum(not isinstance(layer, WinogradConv2d) for layer in (model.first, model.second, model.third))
    assert operators.count("Conv") == direct


@needs_onnx
def test_a_quantised_network_is_the_simulation_in_onnx(tmp_path):
    """Operators on doubles, bit for bit: every rounding stands in the graph."""
    model = convert(
        nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 4, 3)).eval(), "F(4x4,3x3)", "tapwise-8"
    )
    x, more = images(4, 3, 13, 14).split(2)
    calibrate(model, [x])
    operators, found = by_onnx(model, x, tmp_path / "network.onnx", more)
    with torch.no_grad():
        for got, given in zip(found, (x, more), strict=True):
            assert np.array_equal(got, model(given).numpy())
    assert operators.count("Round") == 2 * 4  # input, U, M and output; V is a constant
    assert not {"QuantizeLinear", "DequantizeLinear", "Conv"} & set(operators)
