# SPDX-License-Identifier: Apache-2.0
"""PyTorch: oneDNN in both layouts and with prepacked filters, NNPACK, and the int8 engines fbgemm and oneDNN."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .work import Engine, Ready, Skipped, Work


def versions() -> dict[str, str]:
    import torch

    said = re.search(r"(?:MKL-DNN|oneDNN) (v[\d.]+)", torch.__config__.show())
    return {"torch": torch.__version__, "oneDNN in torch": said[1] if said else "none"}


def _float(work: Work, layout: str, convolve: Any) -> Ready:
    import torch

    memory = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    x = torch.from_numpy(work.x).contiguous(memory_format=memory)
    filters = [torch.from_numpy(one).contiguous(memory_format=memory) for one in work.filters]
    last = [x]

    def call() -> None:
        with torch.inference_mode():
            y = x
            for one in filters:
                y = convolve(y, one)
            last[0] = y

    return Ready(call, lambda: last[0].contiguous().numpy())


def native(work: Work, layout: str) -> Ready:
    import torch

    return _float(work, layout, lambda x, one: torch.conv2d(x, one, None, padding=1))


def prepacked(work: Work) -> Ready:
    """What torch.compile makes of a frozen layer: filters reordered once into what oneDNN wants; channels last."""
    import torch

    operators = torch.ops.mkldnn
    layer = work.layer
    with torch.inference_mode():
        x = torch.from_numpy(work.x).contiguous(memory_format=torch.channels_last)
        filters = [
            operators._reorder_convolution_weight(
                torch.from_numpy(one),
                [1, 1],
                [1, 1],
                [1, 1],
                1,
                [layer.n, layer.c, layer.h, layer.w],
            )
            for one in work.filters
        ]
    last = [x]
    convolve = operators._convolution_pointwise

    def call() -> None:
        with torch.inference_mode():
            y = x
            for one in filters:
                y = convolve(y, one, None, [1, 1], [1, 1], [1, 1], 1, "none", [], "")
            last[0] = y

    return Ready(call, lambda: last[0].contiguous().numpy())


def nnpack(work: Work) -> Ready:
    import torch

    if not torch.backends.nnpack.is_available():
        raise Skipped("torch without NNPACK for this processor")
    if work.layer.n > 1:
        raise Skipped("NNPACK transforms nothing for more than one image")
    return _float(work, "NCHW", lambda x, one: torch._nnpack_spatial_convolution(x, one, None, 1, 1))


def quantised(work: Work, engine: str) -> Ready:
    """Data as unsigned bytes around 128, weights signed and per channel."""
    import torch

    if engine not in torch.backends.quantized.supported_engines:
        raise Skipped(f"torch without {engine}")
    torch.backends.quantized.engine = engine
    unsigned = torch.from_numpy((work.x.astype(np.int16) + 128).astype(np.uint8))
    x = torch._make_per_tensor_quantized_tensor(unsigned, work.scales[0].x_scale, 128)
    x = x.contiguous(memory_format=torch.channels_last)
    packed = []
    for one, scales in zip(work.filters, work.scales, strict=True):
        weights = torch._make_per_channel_quantized_tensor(
            torch.from_numpy(one),
            torch.from_numpy(scales.w_scale.astype(np.float64)),
            torch.zeros(work.layer.k, dtype=torch.int64),
            0,
        )
        pack = torch.ops.quantized.conv2d_prepack(weights, None, [1, 1], [1, 1], [1, 1], 1)
        packed.append((pack, scales.y_scale))
    convolve, last = torch.ops.quantized.conv2d, [x]

    def call() -> None:
        with torch.inference_mode():
            y = x
            for pack, scale in packed:
                y = convolve(y, pack, scale, 128)
            last[0] = y

    return Ready(call, lambda: (last[0].int_repr().contiguous().numpy().astype(np.int16) - 128).astype(np.int8))


def engines(march: str) -> list[Engine]:
    import torch

    torch.set_num_threads(1)
    return [
        Engine("torch", "torch", "float32", lambda work: native(work, "NCHW")),
        Engine("torch cl", "torch", "float32", lambda work: native(work, "channels_last")),
        Engine("torch packed", "torch", "float32", prepacked),
        Engine("NNPACK", "torch", "float32", nnpack),
        Engine("fbgemm", "torch", "int8", lambda work: quantised(work, "fbgemm")),
        Engine("oneDNN", "torch", "int8", lambda work: quantised(work, "onednn")),
    ]
