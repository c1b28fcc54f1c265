# SPDX-License-Identifier: Apache-2.0
"""ncnn: what it chooses itself in float32, Winograd and its matrix product in int8."""

from __future__ import annotations

import struct
import tempfile
from importlib import metadata
from pathlib import Path

import numpy as np

from .work import Engine, Ready, Work

INT8_BYTES = 0x000D4B38  # what ncnn writes before weights of one byte


def versions() -> dict[str, str]:
    return {"ncnn": metadata.version("ncnn")}


def files(work: Work) -> tuple[str, bytes]:
    """The .param and the .bin of the layers."""
    layer, parts, lines, name = work.layer, [], ["Input x 0 1 x"], "x"
    for index, one in enumerate(work.filters):
        options = f"0={layer.k} 1=3 4=1 5=0 6={one.size}"
        if work.type == "float32":
            parts += [struct.pack("<I", 0), one.astype("<f4").tobytes()]
        else:
            options += " 8=101"  # weights scaled per channel, int8 out
            scales = work.scales[index]
            data = one.tobytes()
            parts += [struct.pack("<I", INT8_BYTES), data, bytes(-len(data) % 4)]
            parts += [(1 / scales.w_scale).astype("<f4").tobytes()]
            parts += [struct.pack("<f", 1 / scales.x_scale), struct.pack("<f", 1 / scales.y_scale)]
        lines.append(f"Convolution c{index} 1 1 {name} y{index} {options}")
        name = f"y{index}"
    return "\n".join(["7767517", f"{len(lines)} {len(lines)}", *lines, ""]), b"".join(parts)


def prepare(work: Work, winograd: bool) -> Ready:
    import ncnn

    net = ncnn.Net()
    option = net.opt
    option.num_threads = 1
    option.use_winograd_convolution = winograd
    option.use_fp16_packed = option.use_fp16_storage = option.use_fp16_arithmetic = False
    option.use_bf16_storage = option.use_bf16_packed = False
    allocators = ncnn.UnlockedPoolAllocator(), ncnn.UnlockedPoolAllocator()
    option.blob_allocator, option.workspace_allocator = allocators
    param, weights = files(work)
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "layers.param").write_text(param)
        (Path(place) / "layers.bin").write_bytes(weights)
        net.load_param(str(Path(place) / "layers.param"))
        net.load_model(str(Path(place) / "layers.bin"))
    x = ncnn.Mat(np.ascontiguousarray(work.x), 0)  # axis 0 is the batch
    name, last = f"y{len(work.filters) - 1}", [x]

    def call() -> None:
        run = net.create_extractor()
        run.input("x", x)
        last[0] = run.extract(name)[1]

    def output() -> np.ndarray:
        assert allocators  # must outlive what they gave
        return np.stack([np.array(last[0].batch(image)) for image in range(work.layer.n)])

    return Ready(call, output)


def engines(march: str) -> list[Engine]:
    import ncnn  # noqa: F401

    return [
        Engine("ncnn", "ncnn", "float32", lambda work: prepare(work, True)),
        Engine("ncnn wino", "ncnn", "int8", lambda work: prepare(work, True)),
        Engine("ncnn direct", "ncnn", "int8", lambda work: prepare(work, False)),
    ]
