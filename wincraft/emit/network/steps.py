# SPDX-License-Identifier: Apache-2.0
"""The steps between convolutions in C: each kind is one function, a template of that name, and its arguments."""

from __future__ import annotations

from collections.abc import Mapping

from wincraft.emit.network.parts import Network, NetworkStep, whole

_POOL = "x kernel_h kernel_w stride_h stride_w top left"
ARGUMENTS = {
    "load": "image pixels channels outer",
    "add": "x x1 count",
    "clamp": "x count low high",
    "fill": "pixels channels outer value",
    "copy": "x top left from step_h step_w down across to rows columns part w inner ow outer",
    "maximum": f"{_POOL} h w oh ow outer",
    "average": f"{_POOL} counted h w oh ow outer",
    "mean": "x given_pixels outer",
    "flatten": "x given_pixels given_channels inner outer",
    "linear": "x weight bias given_channels outer",
    "convolve": f"x weight bias {_POOL[2:]} dilation_h dilation_w groups group_in group_out h w inner oh ow outer",
}
"""What the function of a kind takes, before the image that it writes: numbers of the step, sizes, images, tables."""


def step_call(network: Network, step: NetworkStep, places: Mapping[int, str], tables: str, columns: int) -> str:
    """The statement of a step that is no quantised convolution.

    >>> network = Network("n", ((2, 2, 3), (1, 1, 3)), (), 1)
    >>> step_call(network, NetworkStep("mean", (0,), 1), {0: "a", 1: "b"}, "step0", 16)
    'mean_image(a, 4, 16, b);'
    """
    (h, w, c), (oh, ow, oc) = (
        network.shapes[step.inputs[0] if step.inputs else step.output],
        network.shapes[step.output],
    )
    inner, outer = whole(c, columns), whole(oc, columns)
    known: dict[str, object] = {"image": "image", "weight": f"{tables}_weight", "bias": f"{tables}_bias"}
    known |= dict(zip(("x", "x1"), (places[image] for image in step.inputs), strict=False))
    known |= {"h": h, "w": w, "oh": oh, "ow": ow, "inner": inner, "outer": outer, "channels": oc, "pixels": oh * ow}
    known |= {"given_pixels": h * w, "given_channels": c, "count": oh * ow * outer}
    known |= {key: _number(value) for key, value in step.sizes.items()}
    arguments = [str(known[key]) for key in ARGUMENTS[step.kind].split()]
    return f"{step.kind}_image({', '.join([*arguments, places[step.output]])});"


def _number(value: int | float) -> str:
    if isinstance(value, int):
        return str(value)
    return f"{value!r}F" if abs(value) != float("inf") else "INFINITY" if value > 0 else "-INFINITY"
