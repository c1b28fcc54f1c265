# SPDX-License-Identifier: Apache-2.0
"""What a Winograd layer does not take is refused in one line, with the value and the repair."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from oracle_messages import refused

from wincraft import parse, winograd
from wincraft.algorithm import Algorithm, nest
from wincraft.construct import chained
from wincraft.errors import (
    BadShape,
    BadSize,
    BadValue,
    NotApplicable,
    TooLarge,
    UnknownName,
    WrongForm,
    WrongTotalDegree,
    WrongType,
)
from wincraft.plan import Problem, make_plan
from wincraft.torch import WinogradConv1d, WinogradConv2d

F43 = winograd(4, 3, points="0,1,-1,2,-2")
WHOLE = parse("F(4x4,3x3)", moduli="0,1,-1,x^2+1,inf")


@pytest.mark.parametrize(
    ("kernel", "options", "kind", "mentions"),
    [
        (3, {"algorithm": nest(*(F43,) * 3)}, BadShape, ("F(4x4x4,3x3x3)", "2 axes")),
        (5, {"algorithm": WHOLE}, NotApplicable, ("its whole tiles do not fit 5x5 taps", "F(m,5x5)")),
        (3, {"algorithm": WHOLE, "stride": 2}, NotApplicable, ("its whole tiles do not fit 2x2 taps", "F(m,2x2)")),
        (3, {"algorithm": chained(F43, "legendre"), "stride": 2}, NotApplicable, ("chains", "F(m,2)")),
        (3, {"algorithm": make_plan(Problem(3, axes=2), 4), "stride": 2}, BadShape, ("the plan", "stride 2")),
        (5, {"algorithm": chained(F43, "legendre")}, NotApplicable, ("chains", "F(m,5)")),
        (3, {"algorithm": F43.transpose()}, WrongForm, ("linear convolution form", "transpose()")),
        (3, {"algorithm": "F(4x4;3x3)"}, BadSize, ("F(4x4;3x3)",)),
        (3, {"scheme": "tapwise-9"}, UnknownName, ("'tapwise-9'", "did you mean tapwise-8?")),
        (3, {"scheme": "tapwise-8,M=int99"}, BadValue, ("99",)),
        (3, {"transforms": "flexible"}, UnknownName, ("'flexible'", "flex")),
        (3, {"transforms": "diagonals"}, NotApplicable, ("balancing under exact", "U and V")),
        (3, {"balance_channels": True}, NotApplicable, ("balancing under exact", "U and V")),
        (3, {"scheme": "ncnn-int8", "balance_channels": True}, NotApplicable, ("ncnn-int8", "U and V")),
        (3, {"scheme": "ncnn-int8", "transforms": "flex"}, NotApplicable, ("flex under ncnn-int8", "exact integers")),
        (3, {"scheme": "tapwise-8", "balance_channels": True, "groups": 2}, NotApplicable, ("2 groups",)),
        (3, {"learn_scales": True}, NotApplicable, ("nothing is stored",)),
        (3, {"rank_one_scales": True}, NotApplicable, ("no scale is per tap",)),
        (3, {"scheme": "barabasz-2020-8", "rank_one_scales": True}, NotApplicable, ("no scale is per tap",)),
        (3, {"scheme": "tapwise-8", "rank_one_scales": True, "learn_scales": True}, NotApplicable, ("learned",)),
        (3, {"scheme": "fp16", "learn_scales": True}, NotApplicable, ("fp16", "no scheme of integers")),
        (3, {"scheme": "ncnn-int8", "algorithm": "F(6x6,3x3)"}, NotApplicable, ("int16", "smaller tile")),
    ],
)
def test_layers_that_there_are_not(kernel, options, kind, mentions):
    with refused(kind, *mentions):
        WinogradConv2d(4, 4, kernel, **({"algorithm": nest(F43, F43)} | options))


def test_other_axes_and_moduli():
    with refused(BadShape, "F(4x4,3x3)", "1 axes"):
        WinogradConv1d(3, 4, 3, algorithm="F(4x4,3x3)")
    with refused(NotApplicable, "its moduli for 5 taps are unknown"):
        own = Algorithm.from_matrices(F43.AT, F43.G, F43.BT)
        WinogradConv1d(3, 4, 5, algorithm=own)
    with refused(WrongTotalDegree):
        WinogradConv2d(3, 4, 3, algorithm=parse("F(4,3)", points="0,1"))


@pytest.mark.parametrize(
    ("x", "kind", "mentions"),
    [
        (torch.zeros(1, 3, 8, 8, dtype=torch.int32), WrongType, ("torch.int32", ".float()")),
        (torch.zeros(1, 3, 8, 8, dtype=torch.bool), WrongType, ("torch.bool",)),
        (torch.zeros(1, 3, 8, 8, dtype=torch.complex64), WrongType, ("torch.complex64",)),
        (torch.zeros(1, 4, 8, 8), BadShape, ("(1, 4, 8, 8)", "(N, 3, H, W)")),
        (torch.zeros(8, 3, 8), BadShape, ("(8, 3, 8)",)),
        (torch.zeros(3, 8), BadShape, ("(3, 8)",)),
        (torch.zeros(1, 1, 3, 8, 8), BadShape, ("(1, 1, 3, 8, 8)",)),
        (torch.zeros(1, 3, 8, 2), TooLarge, ("kernel (3, 3)", "on 2 values", "padding")),
        (torch.zeros(1, 3, 0, 8), TooLarge, ("on 0 values",)),
    ],
)
@pytest.mark.parametrize("scheme", [None, "fp16"])
def test_inputs_that_are_none(x, kind, mentions, scheme):
    with refused(kind, *mentions):
        WinogradConv2d(3, 4, 3, scheme=scheme)(x)


def test_inputs_of_one_axis():
    layer = WinogradConv1d(3, 4, 5, padding=1)
    with refused(BadShape, "(2, 2, 9)", "(N, 3, H)"):
        layer(torch.zeros(2, 2, 9))
    with refused(TooLarge, "kernel (5,)", "on 4 values"):
        layer(torch.zeros(2, 3, 2))
    assert layer(torch.zeros(2, 3, 3)).shape == (2, 4, 1)


def test_torch_refuses_what_it_always_does():
    with pytest.raises(ValueError, match="padding='same'"):
        WinogradConv2d(3, 4, 3, stride=2, padding="same")
    with pytest.raises(ValueError, match="divisible"):
        WinogradConv2d(3, 4, 3, groups=2)
