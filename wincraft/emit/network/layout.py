# SPDX-License-Identifier: Apache-2.0
"""How a quantised convolution lies in memory: its stored image, the tiles of a step, the record of its sizes in C."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from wincraft.emit.c.text import comment, fill
from wincraft.emit.kernel.micro import KERNEL_ROWS
from wincraft.emit.network.parts import QuantisedLayer, WinogradPart, whole

BLOCK_BYTES = 1 << 17
"""So much U and M of a step take, where not all tiles of an image fit."""
FIELDS = (
    *("number", "h", "w", "xc", "oh", "ow", "kc", "top", "left", "qh", "qw", "qc", "taps", "down", "across", "block"),
    *("stride_h", "stride_w", "rows", "row", "segments", "segment", "steps", "v", "excess", "input", "output"),
    *("stages", "before", "unit", "bias", "transform", "finish"),
)
"""The members of a layer in C, in their order."""
_POINTERS = ("excess", "stages", "before", "transform", "finish")


@dataclass(frozen=True)
class LayerLayout:
    """A layer where images have whole `columns` of channels and a product sums `step` channels at a time.

    `word` is the bits of an operand of a product.
    """

    layer: QuantisedLayer
    columns: int
    word: int

    @property
    def step(self) -> int:
        """Channels of a step of a product, which fill 32 bits."""
        return 32 // self.word

    @property
    def channels(self) -> tuple[int, int]:
        """Those of the input and of the output, as images have them in memory."""
        inner, outer = self.layer.filters.shape[1:]
        return whole(inner, self.columns), whole(outer, self.columns)

    @property
    def plane(self) -> tuple[int, int, int]:
        """Height, width and channels in memory of the stored image with its zeros."""
        layer = self.layer
        if (part := layer.winograd) is not None:
            h, w = (count * m + n - m for count, m, n in zip(self.tiles, part.m, part.n, strict=True))
            return h, w, self.channels[0]
        h, w = (
            max((out - 1) * stride + (r - 1) * spread + 1, before + size)
            for out, stride, r, spread, before, size in zip(
                layer.outputs, layer.stride, layer.kernel, layer.dilation, layer.before, layer.size, strict=True
            )
        )
        return h, w, whole(layer.filters.shape[1], self.step)

    @property
    def tiles(self) -> tuple[int, int]:
        """Those that cover the outputs, down and across."""
        assert self.layer.winograd is not None
        down, across = (-(-out // m) for out, m in zip(self.layer.outputs, self.layer.winograd.m, strict=True))
        return down, across

    @property
    def block(self) -> int:
        """The tiles of a step: in equal steps as many as `BLOCK_BYTES` hold, and no less than a micro-kernel takes."""
        assert self.layer.winograd is not None
        per_tile = self.layer.winograd.taps * (self.channels[0] * self.word // 8 + 4 * self.columns)
        tiles = prod(self.tiles)
        steps = -(-tiles // max(KERNEL_ROWS, BLOCK_BYTES // per_tile))
        return -(-tiles // steps)

    @property
    def work(self) -> int:
        """Bytes that the layer works in."""
        numbers = prod(self.plane)
        if (part := self.layer.winograd) is None:
            return whole(numbers * self.word // 8, 64)
        products = part.taps * self.block
        operands = products * self.channels[0] * self.word // 8
        return whole(numbers * 2, 64) + whole(operands, 64) + whole(4 * products * self.columns, 64)

    def record(self, number: int, kind: int | None) -> str:
        """The definition of the layer's record in C; `kind` numbers its transforms."""
        layer, name = self.layer, f"layer{number}"
        (qh, qw, qc), (inner, outer) = self.plane, self.channels
        values: dict[str, object] = {"number": number, "h": layer.size[0], "w": layer.size[1], "xc": inner, "kc": outer}
        values |= {"oh": layer.outputs[0], "ow": layer.outputs[1], "top": layer.before[0], "left": layer.before[1]}
        values |= {"qh": qh, "qw": qw, "qc": qc, "v": f"{name}_v", "unit": f"{name}_unit", "bias": f"{name}_bias"}
        values |= {"input": _storing(f"{name}_input"), "output": _storing(f"{name}_output")}
        if self.step == 4:
            values["excess"] = f"{name}_excess"
        stages = ", ".join(item.label for item in layer.stored)
        lines = [comment(f"{layer.name}: {layer.text}", f"stages: {stages}")]
        if (part := layer.winograd) is not None:
            values |= self._by_tiles(part) | {"transform": f"data{kind}", "finish": f"back{kind}"}
            if between := len(layer.stored) - 2:
                rows = ", ".join(_storing(f"{name}_stage{k}") for k in range(between))
                lines.append(f"static const storing {name}_stages[] = {{{rows}}};")
                values["stages"] = f"{name}_stages"
            if factors := sum(step.before is not None for step in (*part.data, *part.back)):
                rows = ", ".join(f"{name}_before{k}" for k in range(factors))
                lines.append(f"static const double *const {name}_factors[] = {{{rows}}};")
                values["before"] = f"{name}_factors"
        else:
            values |= self._direct()
        items = [str(values.get(field, "NULL" if field in _POINTERS else 0)) for field in FIELDS]
        head = f"static const layer {name} = {{"
        return "\n".join([*lines, fill(head, [*(f"{item}," for item in items[:-1]), items[-1] + "};"])])

    def _by_tiles(self, part: WinogradPart) -> dict[str, object]:
        (down, across), steps = self.tiles, -(-self.layer.filters.shape[1] // self.step)
        values: dict[str, object] = {"taps": part.taps, "down": down, "across": across, "block": self.block}
        return values | {"stride_h": part.m[0], "stride_w": part.m[1], "steps": steps}

    def _direct(self) -> dict[str, object]:
        """Windows row by row, each contiguous; where their taps are spread, tap by tap."""
        layer, (_, qw, qc) = self.layer, self.plane
        row, spread = layer.dilation[0] * qw * qc, layer.dilation[1]
        parts: dict[str, object] = {"rows": 1, "segments": layer.kernel[0], "segment": row}
        parts["steps"] = layer.kernel[1] * qc // self.step
        if spread > 1:
            parts = {"rows": layer.kernel[0], "segments": layer.kernel[1], "segment": spread * qc}
            parts["steps"] = qc // self.step
        return {"stride_h": layer.stride[0], "stride_w": layer.stride[1], "row": row, **parts}


def _storing(name: str) -> str:
    return f"{{{name}_ratio, {name}_low, {name}_high}}"
