# SPDX-License-Identifier: Apache-2.0
"""MNN, from the same ONNX model as ONNX Runtime."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from .ort import float_model
from .work import Engine, Ready, Skipped, Work


def versions() -> dict[str, str]:
    import MNN

    return {"MNN": MNN.version()}


def converted(work: Work, place: Path) -> Path:
    """The model as a file of MNN; its converter is another process, since it ends the one it runs in when it fails."""
    source, target = place / "layers.onnx", place / "layers.mnn"
    source.write_bytes(float_model(work))
    command = [sys.executable, "-m", "MNN.tools.mnnconvert", "-f", "ONNX", "--modelFile", str(source)]
    done = subprocess.run([*command, "--MNNModel", str(target)], capture_output=True, text=True, check=False)
    if not target.exists():
        raise Skipped(f"MNN's converter failed: {(done.stderr or done.stdout).strip()[-200:]}")
    return target


def prepare(work: Work) -> Ready:
    import MNN

    with tempfile.TemporaryDirectory() as place:
        interpreter = MNN.Interpreter(str(converted(work, Path(place))))
    session = interpreter.createSession({"backend": "CPU", "numThread": 1, "precision": "high"})
    inside = interpreter.getSessionInput(session)
    outside = interpreter.getSessionOutput(session)
    kinds = (MNN.Halide_Type_Float, MNN.Tensor_DimensionType_Caffe)
    x = MNN.Tensor(work.x.shape, kinds[0], np.ascontiguousarray(work.x), kinds[1])
    y = np.zeros(work.exact.shape, np.float32)
    target = MNN.Tensor(y.shape, kinds[0], y, kinds[1])

    def call() -> None:
        # the run writes over the session's input: without this copy the next answer is of other data
        inside.copyFrom(x)
        interpreter.runSession(session)
        outside.copyToHostTensor(target)

    return Ready(call, lambda: np.array(target.getNumpyData()).reshape(y.shape))


def engines(march: str) -> list[Engine]:
    import MNN  # noqa: F401

    return [Engine("MNN", "MNN", "float32", prepare)]
