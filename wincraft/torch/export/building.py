# SPDX-License-Identifier: Apache-2.0
"""Networks as C files: `export_c`."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from inspect import signature
from math import inf
from pathlib import Path

import numpy as np
import torch
from torch import fx, nn

from wincraft.emit.kernel.common import LANES
from wincraft.emit.network.files import network_files
from wincraft.emit.network.parts import Network, NetworkStep
from wincraft.errors import BadShape, BadValue, WrongType, check_type
from wincraft.files.writing import write_folder
from wincraft.torch.export.operators import FUNCTION_STEPS, METHOD_STEPS, MODULE_STEPS, Handler
from wincraft.torch.export.tracing import NetworkBuilder
from wincraft.version import __version__


def export_c(
    model: nn.Module,
    folder: str | Path,
    example: torch.Tensor,
    *,
    name: str = "network",
    lanes: int = 8,
    word: int = 16,
) -> list[Path]:
    """Write a converted, calibrated network as C files, which hold the same integers at every stage; their paths.

    ``{name}.h`` is the interface, ``{name}.c`` is compiled and includes ``{name}_tables.h``; C99 and C++17, nothing
    else is needed. `example` is a batch of images (N, C, H, W) of float32, of which the sizes count. `lanes` (4, 8, 16)
    is what a vector of the processor holds, where it has as many; `word` the bits of the operands of products: 16,
    which every vector unit multiplies well, or 8 for those that sum up four products of bytes (VNNI, Arm's dot
    product).

    What a layer stores is the same, bit for bit: operands are integers, sums of integers are exact, and every rounding
    is that of PyTorch's layer, one product in double, rounded half to even. Where scales differ from tap to tap in
    front of the matrix of the outputs, both sum up some tens of doubles, in orders of their own: a code could differ
    only where such a sum lies within its rounding error, some 2^-45 of it, of the middle between two codes. Between
    layers stand float32 numbers, computed by the same single operations. Layers in floating point, means and linear
    layers agree to rounding errors.

    Raises:
        NotApplicable: for modules and operations that have no C code, by name, and layers as in `quantised_layer`.
        BadShape, BadValue, WrongType, UnknownName: for an example of another shape, a name that is none in C, a word
            or lanes that there are not, parameters that are not float32.
        CannotWrite: where the files cannot be written.

    >>> import tempfile
    >>> from wincraft.torch import calibrate, convert
    >>> images = torch.linspace(-1, 1, 2 * 3 * 8 * 8).view(2, 3, 8, 8)
    >>> network = convert(nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU()), "F(2x2,3x3)", "tapwise-8")
    >>> _ = calibrate(network, [images])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in export_c(network, folder, images)]
    ['network.h', 'network.c', 'network_tables.h']
    """
    if lanes not in LANES:
        raise BadValue("the lanes of a vector", str(lanes), f"give {', '.join(map(str, LANES))}")
    return write_folder(folder, network_files(exported_network(model, example, name=name, word=word), lanes, word))


def exported_network(model: nn.Module, example: torch.Tensor, *, name: str = "network", word: int = 16) -> Network:
    """A converted, calibrated network as plain data, in evaluation mode and on the CPU.

    Raises:
        NotApplicable, BadShape, BadValue, WrongType: as `export_c`.

    >>> network = nn.Sequential(nn.MaxPool2d(2), nn.Flatten())
    >>> [step.kind for step in exported_network(network, torch.zeros(1, 3, 4, 4)).steps]
    ['load', 'maximum', 'flatten']
    """
    if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
        raise BadValue("the name of the network", repr(name), "give letters, digits and underscores")
    if word not in (8, 16):
        raise BadValue("the word of the operands", f"{word} bits", "give 8 or 16")
    check_type("an example", example, torch.Tensor, "give a batch of images (N, C, H, W)")
    if example.ndim != 4 or not len(example):
        raise BadShape("the example", str(tuple(example.shape)), "(N, C, H, W)")
    for what, item in (("the example", example), *model.named_parameters()):
        if item.dtype != torch.float32:
            raise WrongType("of float32", f"{what} of {item.dtype}", "call .float() on the network and the images")
    copied = copy.deepcopy(model).cpu().eval()
    builder = NetworkBuilder(copied, example[:1].detach().cpu(), word)
    for node in builder.graph.nodes:
        _lower(builder, node)
    last = next(node for node in builder.graph.nodes if node.op == "output").args[0]
    if not isinstance(last, fx.Node):
        raise builder.refusal("the network", "it returns something else than one tensor", "return one")
    result = builder.image(last)
    steps = fused(builder.steps, result)
    layers = sum(step.layer is not None for step in steps)
    told = f"wincraft {__version__}: a network of {layers} quantised convolutions, by wincraft.torch.export_c"
    hashed = sha256(b"".join(array.tobytes() for step in steps for array in _arrays(step))).hexdigest()
    return Network(name, tuple(builder.shapes), tuple(steps), result, (told, f"sha256 of its numbers: {hashed}"))


def _arrays(step: NetworkStep) -> list[np.ndarray]:
    if (layer := step.layer) is None:
        return list(step.tables.values())
    return [
        layer.filters,
        layer.unit,
        layer.bias,
        *(item for stored in layer.stored for item in (stored.ratio, stored.low, stored.high)),
    ]


def _lower(builder: NetworkBuilder, node: fx.Node) -> None:
    builder.node = node
    if node.op == "output" or (node.op != "placeholder" and not isinstance(builder.values[node], torch.Tensor)):
        return
    if node.op == "placeholder":
        if builder.images:
            raise builder.refusal("the network", "it takes more than one tensor", "export one that takes images alone")
        builder.add("load", node, ())
    elif node.op == "call_module":
        module = builder.model.get_submodule(str(node.target))
        if type(module) not in MODULE_STEPS:
            raise builder.refusal(f"module {node.target}", f"{type(module).__name__} has no C code")
        _call(builder, node, MODULE_STEPS[type(module)], module)
    else:
        handler = FUNCTION_STEPS.get(node.target) if node.op == "call_function" else METHOD_STEPS.get(str(node.target))
        if handler is None:
            what = getattr(node.target, "__name__", node.target)
            raise builder.refusal(f"step {node.name}", f"{what} has no C code")
        _call(builder, node, handler)


def _call(builder: NetworkBuilder, node: fx.Node, handler: Handler, *module: nn.Module) -> None:
    try:
        bound = signature(handler).bind(builder, node, *module, *node.args, **node.kwargs)
    except TypeError as error:
        raise builder.refusal(f"step {node.name}", f"its arguments have no C code ({error})") from None
    handler(*bound.args, **bound.kwargs)


def fused(steps: Sequence[NetworkStep], result: int) -> list[NetworkStep]:
    """Steps in which a quantised convolution adds the image and drops the negative numbers that come right behind it.

    The same numbers: floating-point additions and comparisons stay what they are, one by one.
    """
    found, index = list(steps), 0
    while index < len(found):
        merged = _merged(found, index, result)
        found, index = (found, index + 1) if merged is None else (merged, index)
    return found


def _merged(steps: list[NetworkStep], index: int, result: int) -> list[NetworkStep] | None:
    """The steps with one step and the only one that reads its image as one; None where that is none to merge."""
    step = steps[index]
    readers = [number for number, other in enumerate(steps) if step.output in other.inputs]
    if step.kind != "quantised" or len(readers) != 1 or step.output == result or "relu" in step.sizes:
        return None
    reader = steps[readers[0]]
    if reader.kind == "clamp" and (reader.sizes["low"], reader.sizes["high"]) == (0.0, inf):
        both = replace(step, output=reader.output, sizes={**step.sizes, "relu": 1})
    elif reader.kind == "add" and len(step.inputs) == 1 and reader.inputs.count(step.output) == 1:
        other = next(image for image in reader.inputs if image != step.output)
        both = replace(step, output=reader.output, inputs=(step.inputs[0], other))
    else:
        return None
    return [both if other is reader else other for other in steps if other is not step]
