# SPDX-License-Identifier: Apache-2.0
"""XNNPACK, by LiteRT (TensorFlow Lite): CONV_2D in float32 and in int8 with weights per channel; NHWC."""

from __future__ import annotations

from importlib import metadata
from typing import Any

import numpy as np

from .work import Engine, Ready, Work


def versions() -> dict[str, str]:
    return {"ai-edge-litert": metadata.version("ai-edge-litert")}


def model(work: Work) -> bytes:
    """A TensorFlow Lite file of the layers, from its own schema."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    layer, whole = work.layer, work.type == "int8"
    element = schema.TensorType.INT8 if whole else schema.TensorType.FLOAT32
    buffers, tensors, operators = [schema.BufferT()], [], []

    def tensor(name: str, shape: list[int], kind: int, data: np.ndarray | None, scale: Any = None) -> int:
        one = schema.TensorT()
        one.name, one.shape, one.type, one.buffer = name, shape, kind, 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            buffers.append(buffer)
            one.buffer = len(buffers) - 1
        if scale is not None:
            one.quantization = schema.QuantizationParametersT()
            one.quantization.scale = np.atleast_1d(np.asarray(scale, np.float32))
            one.quantization.zeroPoint = np.zeros(one.quantization.scale.shape, np.int64)
            one.quantization.quantizedDimension = 0
        tensors.append(one)
        return len(tensors) - 1

    scales = work.scales if whole else (None,) * len(work.filters)
    here = tensor("x", [layer.n, layer.h, layer.w, layer.c], element, None, scales[0] and scales[0].x_scale)
    first = here
    for index, (one, scale) in enumerate(zip(work.filters, scales, strict=True)):
        ohwi = one.transpose(0, 2, 3, 1)
        filters = tensor(f"w{index}", list(ohwi.shape), element, ohwi, scale and scale.w_scale)
        zeros = np.zeros(layer.k, np.int32 if whole else np.float32)
        units = scale and scale.w_scale * np.float32(scale.x_scale)
        kind = schema.TensorType.INT32 if whole else schema.TensorType.FLOAT32
        bias = tensor(f"b{index}", [layer.k], kind, zeros, units)
        there = tensor(f"y{index}", [layer.n, layer.h, layer.w, layer.k], element, None, scale and scale.y_scale)
        operator = schema.OperatorT()
        operator.opcodeIndex = 0
        operator.inputs, operator.outputs = [here, filters, bias], [there]
        operator.builtinOptionsType = schema.BuiltinOptions.Conv2DOptions
        options = schema.Conv2DOptionsT()
        options.padding, options.strideH, options.strideW = schema.Padding.SAME, 1, 1
        options.dilationHFactor = options.dilationWFactor = 1
        operator.builtinOptions = options
        operators.append(operator)
        here = there

    graph = schema.SubGraphT()
    graph.tensors, graph.operators, graph.inputs, graph.outputs = tensors, operators, [first], [here]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CONV_2D
    code.version = 3 if whole else 1
    whole_model = schema.ModelT()
    whole_model.version, whole_model.subgraphs, whole_model.buffers = 3, [graph], buffers
    whole_model.operatorCodes = [code]
    builder = flatbuffers.Builder(1024)
    builder.Finish(whole_model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def prepare(work: Work) -> Ready:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model(work), num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(
        interpreter.get_input_details()[0]["index"], np.ascontiguousarray(work.x.transpose(0, 2, 3, 1))
    )
    last = interpreter.get_output_details()[0]["index"]
    return Ready(interpreter.invoke, lambda: interpreter.get_tensor(last).transpose(0, 3, 1, 2))


def engines(march: str) -> list[Engine]:
    import ai_edge_litert.interpreter  # noqa: F401

    return [
        Engine("XNNPACK", "XNNPACK", "float32", prepare),
        Engine("XNNPACK int8", "XNNPACK", "int8", prepare),
    ]
