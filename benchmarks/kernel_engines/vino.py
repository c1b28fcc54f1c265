# SPDX-License-Identifier: Apache-2.0
"""OpenVINO: Convolution in float32, and between FakeQuantize in int8; NHWC, which spares it a reordering."""

from __future__ import annotations

from typing import Any

import numpy as np

from .work import Engine, Ready, Work


def versions() -> dict[str, str]:
    import openvino

    return {"openvino": openvino.__version__}


def model(work: Work, zero: int) -> Any:
    """The layers, NHWC in and out; int8 as bytes around `zero` (0: signed, 128: unsigned).

    FakeQuantize between the layers is what the plugin joins to int8 arithmetic.
    """
    import openvino
    from openvino import opset13 as ops

    n, c, h, w = work.x.shape
    element = element_of(work, zero)
    x = ops.parameter([n, h, w, c], element, name="x")
    y: Any = x
    if work.scales:
        y = ops.convert(y, "f32")
        y = ops.subtract(y, ops.constant(np.float32(zero))) if zero else y
        y = ops.multiply(y, ops.constant(np.float32(work.scales[0].x_scale)))
    y = ops.transpose(y, ops.constant(np.array([0, 3, 1, 2])))
    for index, one in enumerate(work.filters):
        weights: Any = ops.constant(one)
        if work.scales:
            scale = work.scales[index].w_scale.reshape(-1, 1, 1, 1)
            weights = ops.multiply(ops.convert(weights, "f32"), ops.constant(scale))
        y = ops.convolution(y, weights, [1, 1], [1, 1], [1, 1], [1, 1])
        if work.scales:
            scale = work.scales[index].y_scale
            low, high = np.float32(-128 * scale), np.float32(127 * scale)
            last = index == len(work.filters) - 1
            inside = (np.float32(zero - 128), np.float32(zero + 127)) if last else (low, high)
            y = ops.fake_quantize(y, low, high, *inside, 256)
    y = ops.transpose(y, ops.constant(np.array([0, 2, 3, 1])))
    if work.scales:
        y = ops.convert(y, element)
    return openvino.Model([ops.result(y)], [x], "layers")


def element_of(work: Work, zero: int) -> Any:
    if not work.scales:
        return np.float32
    return np.uint8 if zero else np.int8


def prepare(work: Work, zero: int = 0) -> Ready:
    import openvino

    options = {
        "INFERENCE_NUM_THREADS": 1,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
        "ENABLE_CPU_PINNING": False,
    }
    request = openvino.Core().compile_model(model(work, zero), "CPU", options).create_infer_request()
    element = element_of(work, zero)
    offset = np.int16(zero) if work.scales else np.float32(0)
    x = np.ascontiguousarray((work.x + offset).astype(element).transpose(0, 2, 3, 1))
    y = np.zeros((work.layer.n, work.layer.h, work.layer.w, work.layer.k), element)
    request.set_input_tensor(openvino.Tensor(x, shared_memory=True))
    request.set_output_tensor(openvino.Tensor(y, shared_memory=True))
    shared = (x, y)  # the request reads and writes them where they lie
    return Ready(request.infer, lambda: (shared[1] - offset).transpose(0, 3, 1, 2))


def engines(march: str) -> list[Engine]:
    import openvino  # noqa: F401

    return [
        Engine("OpenVINO", "openvino", "float32", prepare),
        Engine("OpenVINO u8", "openvino", "int8", lambda work: prepare(work, 128)),
        Engine("OpenVINO s8", "openvino", "int8", prepare),
    ]
