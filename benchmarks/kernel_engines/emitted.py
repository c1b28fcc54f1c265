# SPDX-License-Identifier: Apache-2.0
"""Ours: the files that `wincraft generate --kernel conv2d` writes, compiled and called as any program would."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from .compilers import PLACE, aligned, aligned_copy, library, version_of
from .work import Engine, Ready, Skipped, Work

DIRECT, ON_THE_FLY = 2, 1
LARGEST = {"float32": 9, "int8": 4}  # tiles: beyond these U and V of int8 fit no int16
NAMES = {-1: "argument", -2: "unsupported", -3: "overflow", -4: "size"}
POINTER = ctypes.c_void_p


class Conv(ctypes.Structure):
    """wincraft_conv."""

    _fields_ = (
        *((name, ctypes.c_int32) for name in "nhwckrs"),
        *((f"pad_{side}", ctypes.c_int32) for side in ("top", "left", "bottom", "right")),
        *((name, ctypes.c_int32) for name in ("stride_h", "stride_w", "groups", "flags")),
        *((f"{array}_{axis}", ctypes.c_ssize_t) for array in "xy" for axis in "nhwc"),
    )


class Requantise(ctypes.Structure):
    """wincraft_requantise."""

    _fields_ = (
        ("bias", POINTER),
        ("x_zero", ctypes.c_int32),
        ("y_zero", ctypes.c_int32),
        ("multiplier", POINTER),
        ("shift", POINTER),
        ("scale", POINTER),
        ("lo", ctypes.c_int32),
        ("hi", ctypes.c_int32),
    )


@dataclass(frozen=True)
class Tile:
    """F(m x m, 3x3) on the catalogue's points for a use; by default the most accurate, in int8 those that are exact."""

    sides: tuple[int, ...]
    use: str = ""

    @staticmethod
    def parse(text: str) -> Tile:
        """`4`, or `4:quadratic`; `4+3` is F(4,3) beside F(3,3) along both axes."""
        sides, _, use = text.partition(":")
        return Tile(tuple(map(int, sides.split("+"))), use)

    def __str__(self) -> str:
        return f"F{'+'.join(map(str, self.sides))}" + (f" {self.use}" if self.use else "")

    def algorithm(self, type: str) -> Any:
        """Along both axes."""
        import wincraft
        from wincraft.construct.beside import beside

        axes = [wincraft.winograd(m, 3, moduli=self.points(m, type)) for m in self.sides]
        axis = axes[0] if len(axes) == 1 else beside(*axes)
        return wincraft.nest(axis, axis)

    def points(self, m: int, type: str) -> str:
        """The moduli of a type."""
        from wincraft.construct.catalogue import catalogue

        uses = catalogue(m, 3).uses
        wanted = (self.use,) if self.use else ("accuracy",) if type == "float32" else ("int8-exact", "integer")
        for use in wanted:
            if use in uses:
                return uses[use].moduli
        raise Skipped(f"the catalogue has no points for {' or '.join(wanted)}")


@cache
def written(tile: Tile, type: str, lanes: int | None) -> tuple[Path, str]:
    """The C file of a tile, beside its header in a folder of its own, and the prefix of its functions."""
    from wincraft.emit.kernel.conv2d import conv2d_files
    from wincraft.errors import WincraftError

    try:
        files = conv2d_files(tile.algorithm(type), type=type, lanes=lanes)
    except WincraftError as error:
        raise Skipped(str(error)) from None
    folder = Path(PLACE.name) / f"{tile}-{type}".replace(" ", "-")
    folder.mkdir()
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
    source = next(folder / file for file in files if file.endswith(".c"))
    return source, source.stem


def conv_of(work: Work, flags: int) -> Conv:
    layer = work.layer
    x = (layer.h * layer.w * layer.c, layer.w * layer.c, layer.c, 1)
    y = (layer.h * layer.w * layer.k, layer.w * layer.k, layer.k, 1)
    return Conv(layer.n, layer.h, layer.w, layer.c, layer.k, 3, 3, 1, 1, 1, 1, 1, 1, 1, flags, *x, *y)


def checked(status: int, what: str) -> None:
    if status:
        raise Skipped(f"{what} refused: {NAMES.get(status, status)}")


def prepare(work: Work, compiler: str, march: str, tile: Tile, lanes: int | None, flags: int) -> Ready:
    source, prefix = written(tile, work.type, lanes)
    code = library(compiler, source, march)
    conv = conv_of(work, flags)
    at = ctypes.byref(conv)
    functions = {name: getattr(code, f"{prefix}_{name}") for name in ("check", "uses_winograd", "prepare", "run")}
    sizes = {name: getattr(code, f"{prefix}_{name}") for name in ("filter_size", "work_size")}
    for function in sizes.values():
        function.restype = ctypes.c_size_t
    checked(functions["check"](at), "check")
    if not flags & DIRECT and not functions["uses_winograd"](at):
        raise Skipped("runs the direct convolution here")
    room = aligned(sizes["work_size"](at, 1))
    element = np.float32 if work.type == "float32" else np.int8
    shape = (work.layer.n, work.layer.h, work.layer.w, work.layer.k)
    planes = [aligned_copy(work.x.transpose(0, 2, 3, 1))]
    keep: list[Any] = [conv, room, planes]
    calls = []
    for index, one in enumerate(work.filters):
        prepared = aligned(sizes["filter_size"](at))
        planes.append(aligned_copy(np.zeros(shape, element)))
        keep.append(prepared)
        weights = POINTER(np.ascontiguousarray(one).ctypes.data)
        room_end = (POINTER(planes[-1].ctypes.data), POINTER(room.ctypes.data), ctypes.c_size_t(room.nbytes))
        start = (at, POINTER(planes[-2].ctypes.data), POINTER(prepared.ctypes.data))
        if work.type == "float32":
            checked(functions["prepare"](at, weights, POINTER(prepared.ctypes.data)), "prepare")
            clamp = (ctypes.c_float(-np.inf), ctypes.c_float(np.inf))
            calls.append((*start, None, *clamp, *room_end, ctypes.c_int(0), ctypes.c_int(1)))
        else:
            status = functions["prepare"](at, weights, ctypes.c_int32(0), POINTER(prepared.ctypes.data), None)
            checked(status, "prepare")
            scale = work.scales[index].multiplier.astype(np.float32)
            how = Requantise(scale=scale.ctypes.data, lo=-128, hi=127)
            keep += [scale, how]
            calls.append((*start, ctypes.byref(how), *room_end, ctypes.c_int(0), ctypes.c_int(1)))
    run = functions["run"]
    for arguments in calls:
        checked(run(*arguments), "run")

    def call() -> None:
        for arguments in calls:
            run(*arguments)

    if len(calls) == 1:  # spares the timed call a loop
        call = _bound(run, calls[0])
    return Ready(call, lambda: keep[2][-1].transpose(0, 3, 1, 2))


def prepare_products(work: Work, compiler: str, march: str, tile: Tile, lanes: int | None) -> Ready:
    """Only the matrix products of a layer; `output` gives how many operations they are."""
    source, prefix = written(tile, work.type, lanes)
    place = source.with_name(f"{prefix}_products.c")
    place.write_text(Path(__file__).with_name("products.c").read_text(encoding="utf-8"), encoding="utf-8")
    code = library(compiler, place, march, f'-DKERNEL="{source.name}"', f"-DPREFIX={prefix}")
    products = getattr(code, f"{prefix}_products")
    products.restype = ctypes.c_double
    conv = conv_of(work, 0)
    at = ctypes.byref(conv)
    functions = {name: getattr(code, f"{prefix}_{name}") for name in ("filter_size", "work_size")}
    for function in functions.values():
        function.restype = ctypes.c_size_t
    prepared, room = aligned(functions["filter_size"](at)), aligned(functions["work_size"](at, 1))
    filters = np.ascontiguousarray(work.filters[0])
    status = getattr(code, f"{prefix}_prepare")(at, POINTER(filters.ctypes.data), POINTER(prepared.ctypes.data))
    checked(status, "prepare")
    arguments = (at, POINTER(prepared.ctypes.data), POINTER(room.ctypes.data))
    if not products(*arguments):
        raise Skipped("runs the direct convolution here")
    keep = (conv, prepared, room)
    return Ready(_bound(products, arguments), lambda: np.array(products(*arguments) if keep else 0))


def _bound(run: Any, arguments: tuple[Any, ...]) -> Callable[[], Any]:
    return lambda: run(*arguments)


def versions(compilers: list[str]) -> dict[str, str]:
    import wincraft

    found = {"wincraft": wincraft.__version__}
    for compiler in compilers:
        try:
            found[compiler] = version_of(compiler)
        except OSError:
            found[compiler] = "not installed"
    return found


def engines(march: str, compilers: list[str], tiles: list[Tile], lanes: int | None, fly: bool) -> list[Engine]:
    """One engine per type, tile and compiler; the direct convolution; with `fly` also filters transformed in the run.

    And the matrix products of F(4x4,3x3) alone, whose share of the peak is of interest.
    """
    kinds = [(str(tile), tile, 0) for tile in tiles] + [("direct", Tile((4,)), DIRECT)]
    kinds += [(f"{tile} fly", tile, ON_THE_FLY) for tile in tiles if fly]
    products = [
        Engine(
            f"products {tile} {compiler}",
            "wincraft",
            "float32",
            lambda work, c=compiler, t=tile: prepare_products(work, c, march, t, lanes),
            ours=True,
            part=True,
        )
        for tile in tiles
        if tile == Tile((4,))
        for compiler in compilers
    ]
    return products + [
        Engine(
            f"{name} {compiler}",
            "wincraft",
            type,
            lambda work, c=compiler, t=tile, f=flags: prepare(work, c, march, t, lanes, f),
            ours=True,
        )
        for type, most in LARGEST.items()
        for name, tile, flags in kinds
        if max(tile.sides) <= most
        for compiler in compilers
    ]
