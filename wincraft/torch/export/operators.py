# SPDX-License-Identifier: Apache-2.0
"""What the modules, functions and methods of PyTorch become that stand between convolutions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import fx, nn

from wincraft.emit.network.parts import NetworkStep
from wincraft.torch.direct import DirectConv2d
from wincraft.torch.export.quantised import quantised_layer
from wincraft.torch.export.tracing import NetworkBuilder
from wincraft.torch.layer import WinogradConv2d
from wincraft.torch.replacement import pads

Handler = Callable[..., None]
"""Takes the builder, the node, and what the function takes; a module's takes the module before its arguments."""
OneOrTwo = int | Sequence[int]
"""A number for rows and columns, or one for each."""
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.SyncBatchNorm)


def _layer(b: NetworkBuilder, node: fx.Node, module: WinogradConv2d | DirectConv2d, input: fx.Node) -> None:
    """A quantised layer with its own integers."""
    x = b.image(input)
    h, w, _ = b.shapes[x]
    b.add("quantised", node, (x,), layer=quantised_layer(str(node.target), module, (h, w), b.word))


def _convolution(b: NetworkBuilder, node: fx.Node, module: nn.Conv2d, input: fx.Node) -> None:
    """A convolution in floating point."""
    if module.padding_mode != "zeros":
        raise b.refusal(f"layer {node.target}", f"it pads with {module.padding_mode}", "pad with zeros")
    low, _ = pads(module)
    groups, outputs = module.groups, module.out_channels
    weight = module.weight.detach().float().unflatten(0, (groups, outputs // groups)).permute(0, 3, 4, 2, 1)
    sizes = _window(module.kernel_size, module.stride, low) | _named("dilation", module.dilation)
    sizes |= {"groups": groups, "group_in": module.in_channels // groups, "group_out": outputs // groups}
    tables = {"weight": weight.numpy(force=True), "bias": _bias(module.bias, outputs)}
    b.add("convolve", node, (b.image(input),), sizes, tables)


def _linear(b: NetworkBuilder, node: fx.Node, module: nn.Linear, input: fx.Node) -> None:
    """A linear layer on vectors."""
    x = b.image(input)
    if len(b.values[input].shape) != 2:
        raise b.refusal(f"module {node.target}", "its input is no vector", "flatten it before")
    tables = {
        "weight": module.weight.detach().float().t().numpy(force=True),
        "bias": _bias(module.bias, module.out_features),
    }
    b.add("linear", node, (x,), {}, tables)


def _bias(bias: torch.Tensor | None, count: int) -> np.ndarray:
    return np.zeros(count, np.float32) if bias is None else bias.detach().float().numpy(force=True)


def _norm(b: NetworkBuilder, node: fx.Node, module: nn.Module, input: fx.Node) -> None:
    """None: a batch normalisation is folded before, or refused."""
    repair = "convert with fold_bn=True before calibrate, so that it is part of the convolution"
    raise b.refusal(f"module {node.target}", "it is a batch normalisation on its own", repair)


def _same(b: NetworkBuilder, node: fx.Node, *given: object, **named: object) -> None:
    """What changes nothing in evaluation: `given` ends with the image, or begins with it where there is no module."""
    input = next(item for item in (*given, *named.values()) if isinstance(item, fx.Node))
    b.images[node] = b.image(input)


def _clamped(b: NetworkBuilder, node: fx.Node, input: fx.Node, low: float, high: float, inplace: bool) -> None:
    b.add("clamp", node, (b.image(input),), {"low": float(low), "high": float(high)})
    if inplace:
        b.in_place(input, node)


def _relu(b: NetworkBuilder, node: fx.Node, input: fx.Node, inplace: bool = False) -> None:
    """Negative numbers as 0."""
    _clamped(b, node, input, 0.0, float("inf"), inplace)


def _relu_(b: NetworkBuilder, node: fx.Node, input: fx.Node) -> None:
    """Negative numbers as 0, in place."""
    _relu(b, node, input, inplace=True)


def _relu6(b: NetworkBuilder, node: fx.Node, input: fx.Node, inplace: bool = False) -> None:
    """Numbers cut at 0 and 6."""
    _clamped(b, node, input, 0.0, 6.0, inplace)


def _hardtanh(
    b: NetworkBuilder, node: fx.Node, input: fx.Node, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> None:
    """Numbers cut at two ends."""
    _clamped(b, node, input, min_val, max_val, inplace)


def _add(b: NetworkBuilder, node: fx.Node, input: fx.Node, other: fx.Node, *, alpha: float = 1) -> None:
    """The sum of two images."""
    images = b.image(input), b.image(other)
    if alpha != 1 or b.values[input].shape != b.values[other].shape:
        raise b.refusal(f"step {node.name}", "it adds what has another shape or factor")
    b.add("add", node, images)


def _add_(b: NetworkBuilder, node: fx.Node, input: fx.Node, other: fx.Node, *, alpha: float = 1) -> None:
    """The sum of two images, in place of the first."""
    _add(b, node, input, other, alpha=alpha)
    b.in_place(input, node)


def _padded(
    b: NetworkBuilder,
    node: fx.Node,
    input: fx.Node,
    pad: Sequence[int],
    mode: str = "constant",
    value: float | None = None,
) -> None:
    """An image with a constant around it."""
    x = b.image(input)
    h, w, c = b.shapes[x]
    sides = [*pad, *[0] * (6 - len(pad))]
    if mode != "constant" or len(sides) > 6 or min(sides) < 0:
        raise b.refusal(
            f"step {node.name}", f"it pads {list(pad)} with {mode}", "pad rows, columns or channels with a constant"
        )
    if not any(sides):
        b.images[node] = x
        return
    b.add("fill", node, (), {"value": float(value or 0)})
    place = {"across": sides[0], "down": sides[2], "to": sides[4], "rows": h, "columns": w, "part": c}
    _copy(b, node, x, place)


def _copy(b: NetworkBuilder, node: fx.Node, x: int, sizes: dict[str, int]) -> None:
    """Into the image of a node, which a step before has filled."""
    places = dict.fromkeys(("top", "left", "from", "down", "across", "to"), 0) | {"step_h": 1, "step_w": 1}
    b.steps.append(NetworkStep("copy", (x, b.images[node]), b.images[node], places | sizes))


def _part(b: NetworkBuilder, node: fx.Node, input: fx.Node, index: object) -> None:
    """A part of an image: slices of channels, rows and columns."""
    x = b.image(input)
    h, w, c = b.shapes[x]
    given = index if isinstance(index, tuple) else (index,)
    if len(b.values[input].shape) != 4 or not all(isinstance(item, slice) for item in given) or given[0] != slice(None):
        raise b.refusal(f"step {node.name}", f"it takes the part {index}", "take slices of channels, rows and columns")
    parts = [*given, *[slice(None)] * (4 - len(given))]
    channels, rows, columns = (part.indices(size) for part, size in zip(parts[1:], (c, h, w), strict=True))
    if channels[2] != 1:
        raise b.refusal(f"step {node.name}", f"it takes every {channels[2]}th channel", "take neighbouring channels")
    if b.values[node].shape == b.values[input].shape:
        b.images[node] = x
        return
    b.add("fill", node, (), {"value": 0.0})
    oh, ow, oc = b.shape(node)
    sizes = {"top": rows[0], "left": columns[0], "from": channels[0], "step_h": rows[2], "step_w": columns[2]}
    _copy(b, node, x, sizes | {"rows": oh, "columns": ow, "part": oc})


def _joined(b: NetworkBuilder, node: fx.Node, tensors: Sequence[fx.Node], dim: int = 0) -> None:
    """The channels of images side by side."""
    if dim not in (1, 1 - b.values[node].ndim):
        raise b.refusal(f"step {node.name}", f"it joins along axis {dim}", "join channels")
    images = [b.image(item) for item in tensors]
    b.add("fill", node, (), {"value": 0.0})
    begin = 0
    for x in images:
        h, w, c = b.shapes[x]
        _copy(b, node, x, {"to": begin, "rows": h, "columns": w, "part": c})
        begin += c


def _maximum(
    b: NetworkBuilder,
    node: fx.Node,
    input: fx.Node,
    kernel_size: OneOrTwo,
    stride: OneOrTwo | None = None,
    padding: OneOrTwo = 0,
    dilation: OneOrTwo = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> None:
    """The largest number of every window."""
    if _two(dilation) != (1, 1) or ceil_mode or return_indices:
        raise b.refusal(f"step {node.name}", "it has a dilation, ceil_mode or indices", "pool without them")
    b.add("maximum", node, (b.image(input),), _window(kernel_size, stride or kernel_size, padding))


def _average(
    b: NetworkBuilder,
    node: fx.Node,
    input: fx.Node,
    kernel_size: OneOrTwo,
    stride: OneOrTwo | None = None,
    padding: OneOrTwo = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> None:
    """The mean of every window."""
    if ceil_mode or divisor_override:
        raise b.refusal(f"step {node.name}", "it has ceil_mode or a divisor of its own", "pool without them")
    sizes = _window(kernel_size, stride or kernel_size, padding) | {"counted": int(count_include_pad)}
    b.add("average", node, (b.image(input),), sizes)


def _adaptive(b: NetworkBuilder, node: fx.Node, input: fx.Node, output_size: object) -> None:
    """The mean over all pixels."""
    if output_size not in (1, (1, 1), [1, 1]):
        raise b.refusal(f"step {node.name}", f"it pools to {output_size}", "pool to 1, or with windows")
    b.add("mean", node, (b.image(input),))


def _mean(b: NetworkBuilder, node: fx.Node, input: fx.Node, dim: OneOrTwo | None = None, keepdim: bool = False) -> None:
    """The mean over rows and columns."""
    axes = {axis % 4 for axis in ([dim] if isinstance(dim, int) else dim or [])}
    if b.values[input].ndim != 4 or axes != {2, 3}:
        raise b.refusal(f"step {node.name}", f"it is a mean over {dim}", "take that over rows and columns, (2, 3)")
    b.add("mean", node, (b.image(input),))


def _flat(b: NetworkBuilder, node: fx.Node, input: fx.Node, *_: object, **__: object) -> None:
    """An image as a vector."""
    x = b.image(input)
    h, w, c = b.shapes[x]
    shape = b.values[node].shape
    if shape == b.values[input].shape:
        b.images[node] = x
    elif len(shape) != 2 or shape[1] != h * w * c:
        raise b.refusal(f"step {node.name}", f"its value has shape {tuple(shape)}", "flatten images to vectors")
    elif h * w == 1:
        b.images[node] = x
    else:
        b.add("flatten", node, (x,))


def _two(value: OneOrTwo) -> tuple[int, int]:
    first, second = (value, value) if isinstance(value, int) else (*value, *value)[:2]
    return int(first), int(second)


def _named(name: str, value: OneOrTwo) -> dict[str, int | float]:
    return dict(zip((f"{name}_h", f"{name}_w"), _two(value), strict=True))


def _window(kernel: OneOrTwo, stride: OneOrTwo, padding: OneOrTwo | list[int]) -> dict[str, int | float]:
    top, left = _two(padding)
    return _named("kernel", kernel) | _named("stride", stride) | {"top": top, "left": left}


MODULE_STEPS: dict[type[nn.Module], Handler] = {
    WinogradConv2d: _layer,
    DirectConv2d: _layer,
    nn.Conv2d: _convolution,
    nn.Linear: _linear,
    **dict.fromkeys(_NORMS, _norm),
    **dict.fromkeys((nn.Identity, nn.Dropout, nn.Dropout2d), _same),
    nn.ReLU: lambda b, node, module, input: _relu(b, node, input, module.inplace),
    nn.ReLU6: lambda b, node, module, input: _relu6(b, node, input, module.inplace),
    nn.Hardtanh: lambda b, node, m, input: _hardtanh(b, node, input, m.min_val, m.max_val, m.inplace),
    nn.MaxPool2d: lambda b, node, m, input: _maximum(
        b, node, input, m.kernel_size, m.stride, m.padding, m.dilation, m.ceil_mode, m.return_indices
    ),
    nn.AvgPool2d: lambda b, node, m, input: _average(
        b, node, input, m.kernel_size, m.stride, m.padding, m.ceil_mode, m.count_include_pad, m.divisor_override
    ),
    nn.AdaptiveAvgPool2d: lambda b, node, m, input: _adaptive(b, node, input, m.output_size),
    nn.Flatten: lambda b, node, module, input: _flat(b, node, input),
}
"""By type, which has to be the very one."""
FUNCTION_STEPS: dict[object, Handler] = {
    F.relu: _relu,
    torch.relu: _relu,
    F.relu6: _relu6,
    F.hardtanh: _hardtanh,
    operator.add: _add,
    torch.add: _add,
    operator.iadd: _add_,
    F.pad: _padded,
    operator.getitem: _part,
    torch.cat: _joined,
    F.max_pool2d: _maximum,
    F.avg_pool2d: _average,
    F.adaptive_avg_pool2d: _adaptive,
    torch.mean: _mean,
    torch.flatten: _flat,
    F.dropout: _same,
}
METHOD_STEPS: dict[str, Handler] = {
    "relu": _relu,
    "relu_": _relu_,
    "add": _add,
    "add_": _add_,
    "mean": _mean,
    "flatten": _flat,
    "view": _flat,
    "reshape": _flat,
    "contiguous": _same,
}
