# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime: Conv in float32, QLinearConv in int8 (unsigned data, signed weights)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .work import Engine, Ready, Work


def versions() -> dict[str, str]:
    import onnxruntime

    return {"onnxruntime": onnxruntime.__version__}


def float_model(work: Work) -> bytes:
    """An ONNX model of the layers, NCHW."""
    from onnx import TensorProto, helper

    nodes, constants, name = [], {}, "x"
    for index, one in enumerate(work.filters):
        constants[f"w{index}"] = one
        nodes.append(helper.make_node("Conv", [name, f"w{index}"], [f"y{index}"], pads=[1, 1, 1, 1]))
        name = f"y{index}"
    return _model(nodes, constants, TensorProto.FLOAT, work.x.shape, work.exact.shape, name)


def int8_model(work: Work) -> bytes:
    """The layers on bytes around 128, NHWC in and out: so it computes them, and leaves the transpositions out."""
    from onnx import TensorProto, helper

    constants: dict[str, np.ndarray] = {"zero": np.array(128, np.uint8), "no": np.zeros(work.layer.k, np.int8)}
    constants["s"] = np.array(work.scales[0].x_scale, np.float32)
    nodes, name, scale = [helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2])], "t", "s"
    for index, (one, scales) in enumerate(zip(work.filters, work.scales, strict=True)):
        constants |= {f"w{index}": one, f"v{index}": scales.w_scale, f"s{index}": np.array(scales.y_scale, np.float32)}
        inputs = [name, scale, "zero", f"w{index}", f"v{index}", "no", f"s{index}", "zero"]
        nodes.append(helper.make_node("QLinearConv", inputs, [f"y{index}"], pads=[1, 1, 1, 1]))
        name, scale = f"y{index}", f"s{index}"
    nodes.append(helper.make_node("Transpose", [name], ["y"], perm=[0, 2, 3, 1]))
    return _model(nodes, constants, TensorProto.UINT8, _last(work.x.shape), _last(work.exact.shape), "y")


def _last(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[0], *shape[2:], shape[1])


def _model(nodes: list[Any], constants: dict[str, np.ndarray], element: int, x: Any, y: Any, last: str) -> bytes:
    from onnx import helper, numpy_helper

    inputs = [helper.make_tensor_value_info("x", element, x)]
    outputs = [helper.make_tensor_value_info(last, element, y)]
    values = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "layers", inputs, outputs, values)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def prepare(work: Work) -> Ready:
    import onnxruntime

    whole = work.type == "int8"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    text = int8_model(work) if whole else float_model(work)
    session = onnxruntime.InferenceSession(text, options, providers=["CPUExecutionProvider"])
    x = (work.x.astype(np.int16) + 128).astype(np.uint8).transpose(0, 2, 3, 1) if whole else work.x
    inside = onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(x))
    shape = _last(work.exact.shape) if whole else work.exact.shape
    outside = onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros(shape, x.dtype))
    binding = session.io_binding()
    binding.bind_ortvalue_input("x", inside)
    binding.bind_ortvalue_output(session.get_outputs()[0].name, outside)
    run = session.run_with_iobinding

    def output() -> np.ndarray:
        y = outside.numpy()
        return (y.astype(np.int16) - 128).transpose(0, 3, 1, 2) if whole else y

    return Ready(lambda: run(binding), output)


def engines(march: str) -> list[Engine]:
    import onnx  # noqa: F401
    import onnxruntime  # noqa: F401

    return [
        Engine("ORT", "onnxruntime", "float32", prepare),
        Engine("ORT u8s8", "onnxruntime", "int8", prepare),
    ]
