# SPDX-License-Identifier: Apache-2.0
"""The C files of a quantised network: an interface, tables, and what runs them."""

from __future__ import annotations

from math import prod

from wincraft.emit.c.text import comment
from wincraft.emit.kernel.micro import KERNEL_ROWS, micro_kernels
from wincraft.emit.kernel.templates import filled, filled_from
from wincraft.emit.network.arena import placed_images
from wincraft.emit.network.layout import LayerLayout
from wincraft.emit.network.parts import ImageShape, Network, whole
from wincraft.emit.network.steps import step_call
from wincraft.emit.network.tables import layer_tables, step_tables, table_definition
from wincraft.emit.network.transforms import transform_texts, transforms_key


def network_files(network: Network, lanes: int = 8, word: int = 16) -> dict[str, str]:
    """The files by name; a vector has `lanes` numbers at most, the operands of a product have `word` bits, 8 or 16.

    >>> from wincraft.emit.network.parts import NetworkStep
    >>> steps = NetworkStep("load", (), 0), NetworkStep("mean", (0,), 1)
    >>> list(network_files(Network("means", ((2, 2, 3), (1, 1, 3)), steps, 1, ("by hand",))))
    ['means.h', 'means.c', 'means_tables.h']
    """
    writer = _Writer(network, lanes, word)
    texts = {f"{network.name}.h": writer.header(), f"{network.name}.c": writer.source()}
    return {name: text + "\n" for name, text in (texts | {f"{network.name}_tables.h": writer.tables()}).items()}


class _Writer:
    def __init__(self, network: Network, lanes: int, word: int) -> None:
        self.network, self.lanes, self.word, self.columns = network, lanes, word, 2 * lanes
        self.opening = comment(*network.text)
        self.layouts = [LayerLayout(step.layer, 2 * lanes, word) for step in network.steps if step.layer is not None]
        used = {image for step in network.steps for image in (*step.inputs, step.output)}
        sizes = {image: whole(network.size(image, self.columns), 16) for image in used}
        self.places, self.arena = placed_images(sizes, [(step.inputs, step.output) for step in network.steps])
        parts = [item.layer for item in self.layouts if item.layer.winograd is not None]
        self.kinds = {transforms_key(layer): layer for layer in reversed(parts)}

    def header(self) -> str:
        """The interface."""
        source, result = self.network.source, self.network.shapes[self.network.result]
        return self._filled("head.h", opening=self.opening, source=_words(source), result=_words(result))

    def tables(self) -> str:
        """The constant tables of all layers and steps."""
        texts, number = [self.opening], 0
        for index, step in enumerate(self.network.steps):
            if step.layer is None:
                tables = step_tables(f"step{index}", step, self.columns)
            else:
                tables = layer_tables(f"layer{number}", step.layer, self.columns, 32 // self.word)
                number += 1
            texts += [table_definition(*table) for table in tables]
        return "\n\n".join(texts)

    def source(self) -> str:
        """What runs them."""
        vectors = {16: "AVX512F", 8: "AVX2"}
        widest = [f"#elif defined(__{name}__)\n#define LANES {n}\n" for n, name in vectors.items() if n <= self.lanes]
        narrow = max((int(abs(item.layer.filters).max()) for item in self.layouts), default=0) < 2**7
        parts = [
            self.opening,
            self._filled("opening.c"),
            filled("words.c"),
            "\n".join(f"enum {{ {key} = {value} }};" for key, value in self._sizes().items()),
        ]
        if self.layouts:
            parts += [
                self._filled("lanes.c", widest="".join(widest), columns=self.columns),
                self._filled(
                    f"words{self.word}.c",
                    weight="int8_t" if narrow else "int16_t",
                    narrow=int(narrow),
                    pair=filled("pair.c", inline="HELPER"),
                    multiply_add=filled("multiply_add.c", inline="HELPER"),
                ),
                micro_kernels("vv {x} = pair({u} + PAIR * i);", "{a} = multiply_add({a}, {x}, {v});"),
                self._filled("codes.c"),
                self._filled("engine.c"),
            ]
        if self.kinds:
            parts.append(self._filled("tiles.c"))
        if any(item.layer.winograd is None for item in self.layouts):
            parts.append(self._filled("direct.c"))
        for number, layer in enumerate(self.kinds.values()):
            assert layer.winograd is not None
            parts += transform_texts(layer.winograd, layer.output, number)
        parts.append(f'#include "{self.network.name}_tables.h"')
        parts += [item.record(number, self._kind(item)) for number, item in enumerate(self.layouts)]
        parts += [
            self._filled(f"{kind}.c") for kind in sorted({step.kind for step in self.network.steps} - {"quantised"})
        ]
        return "\n\n".join(
            [*parts, self._filled("run.c", steps="\n".join(f"        {line}" for line in self._calls()))]
        )

    def _filled(self, template: str, **values: object) -> str:
        names = {"prefix": self.network.name, "PREFIX": self.network.name.upper()}
        return filled_from("wincraft.emit.network", template, {**names, **values})

    def _kind(self, item: LayerLayout) -> int | None:
        return None if item.layer.winograd is None else list(self.kinds).index(transforms_key(item.layer))

    def _sizes(self) -> dict[str, int]:
        arena = whole(4 * self.arena, 64)
        sizes = {"SOURCE": prod(self.network.source), "RESULT": prod(self.network.shapes[self.network.result])}
        sizes |= {"ARENA": arena, "WORK": arena + max((item.work for item in self.layouts), default=0)}
        return {"ROWS": KERNEL_ROWS, **sizes} if self.layouts else sizes

    def _calls(self) -> list[str]:
        """The statements that run the steps, then give the result channel by channel."""
        places = {image: f"arena + {offset}" for image, offset in self.places.items()}
        lines, number = [], 0
        for index, step in enumerate(self.network.steps):
            if step.layer is None:
                lines.append(step_call(self.network, step, places, f"step{index}", self.columns))
                continue
            run = "run_direct" if step.layer.winograd is None else "run_tiles"
            add = places[step.inputs[1]] if len(step.inputs) > 1 else "NULL"
            target = f"target_of({places[step.output]}, {add}, {step.sizes.get('relu', 0)})"
            lines.append(f"{run}(&layer{number}, {places[step.inputs[0]]}, {target}, rest);")
            number += 1
        h, w, c = self.network.shapes[self.network.result]
        result = places[self.network.result]
        return [*lines, f"give_image({result}, {h * w}, {c}, {whole(c, self.columns)}, output);"]


def _words(shape: ImageShape) -> str:
    h, w, c = shape
    return f"{c} numbers" if h * w == 1 else f"{c} channels of {h} x {w} pixels, channel by channel"
