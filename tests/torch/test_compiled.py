# SPDX-License-Identifier: Apache-2.0
"""`torch.compile` of a network whose layers differ: what one layer fixes must not be variable in the next."""

import pytest

torch = pytest.importorskip("torch")

from torch import nn

from wincraft.torch import calibrate, convert


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("scheme", [None, "tapwise-8"])
def test_a_compiled_network_gives_the_same_numbers(scheme):
    torch.manual_seed(0)
    torch.compiler.reset()
    layers = (nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 12, 3), nn.Conv2d(12, 4, 3, stride=2))
    x = torch.randn(2, 3, 12, 12)
    for layer, size in zip(layers, ("F(2x2,3x3)", "F(4x4,3x3)", "F(4x4,3x3)"), strict=True):
        made = convert(layer, lambda name, _, size=size: size, scheme)
        if scheme:
            calibrate(made, [x])
        compiled = torch.compile(made, backend="aot_eager", fullgraph=True)
        assert torch.equal(compiled(x), made(x))  # compiled once more for every layer, as in a loop over layers
        x = made(x).detach()
