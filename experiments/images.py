# SPDX-License-Identifier: Apache-2.0
"""CIFAR-10 from the published python batches or from a JPEG archive, generated images, and augmentation."""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch

from wincraft.errors import BadDocument, import_tool

MEAN, DEVIATION = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
"""Of the training pixels, per colour, for pixels in [0, 1]."""
DOWNLOAD = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
REPAIR = f"download {DOWNLOAD}, unpack it, and name the folder cifar-10-batches-py"
TRAINING, TEST = 50_000, 10_000
"""How many images there are."""


@dataclass(frozen=True, eq=False)
class Images:
    """Pixels (N, 32, 32, 3) of uint8 and labels (N,) of int64, and where they come from."""

    pixels: torch.Tensor
    labels: torch.Tensor
    source: str

    def __len__(self) -> int:
        return len(self.labels)

    def inputs(self, rows: torch.Tensor | slice) -> torch.Tensor:
        """Normalised pixels (N, 3, 32, 32), float32, with the channels last in memory."""
        return normalised(self.pixels[rows])


def normalised(pixels: torch.Tensor) -> torch.Tensor:
    """(pixel / 255 - mean) / deviation; (N, H, W, 3) of uint8 to (N, 3, H, W) of float32."""
    mean, deviation = _constants(pixels.device)
    return ((pixels.float() / 255 - mean) / deviation).permute(0, 3, 1, 2)


@cache
def _constants(device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Copied to a device once: a graph that is being captured admits no copy from the host."""
    return torch.tensor(MEAN, device=device), torch.tensor(DEVIATION, device=device)


def augmented(pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Each image moved by up to 4 pixels over black, and mirrored half of the time."""
    count, size = len(pixels), pixels.shape[1]
    padded = torch.nn.functional.pad(pixels, (0, 0, 4, 4, 4, 4))
    top, left = torch.randint(0, 9, (2, count, 1), generator=generator).to(pixels.device)
    steps = torch.arange(size, device=pixels.device)
    mirror = torch.randint(0, 2, (count, 1), generator=generator).to(pixels.device, torch.bool)
    columns = left + torch.where(mirror, size - 1 - steps, steps)
    image = torch.arange(count, device=pixels.device)[:, None, None]
    return padded[image, (top + steps)[:, :, None], columns[:, None, :]]


def load_cifar10(path: str | Path) -> tuple[Images, Images]:
    """Training and test images from a folder of python batches, or from an ``.npz`` archive of JPEG files.

    The folder is the published ``cifar-10-batches-py``, or holds it. The archive has ``train_jpeg`` and
    ``test_jpeg`` (the files one after the other), ``*_offsets`` (where each begins) and ``*_labels``; its pixels
    have lost a little.

    Raises:
        BadDocument: where nothing is found, and where a file is no part of CIFAR-10.
        MissingTool: for a JPEG archive without pillow.
    """
    path = Path(path)
    if path.is_dir():
        inner = path / "cifar-10-batches-py"
        folder = inner if inner.is_dir() else path
        names = [f"data_batch_{number}" for number in range(1, 6)]
        missing = [name for name in (*names, "test_batch") if not (folder / name).is_file()]
        if missing:
            raise BadDocument(str(path), f"it has no {', '.join(missing)}", REPAIR)
        return _batches([folder / name for name in names], TRAINING), _batches([folder / "test_batch"], TEST)
    if not path.is_file():
        raise BadDocument(str(path), "there is no such file or folder", REPAIR)
    if path.suffix != ".npz":
        raise BadDocument(str(path), "it is neither a folder nor an .npz archive", REPAIR)
    return _jpeg_archive(path, "train", TRAINING), _jpeg_archive(path, "test", TEST)


def generated(count: int, seed: int) -> Images:
    """Images that a small network can learn: each of ten classes is a coloured wave of its own, under noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count)
    y, x = np.mgrid[:32, :32] / 32
    angle = np.pi * labels / 10
    phase = 2 * np.pi * (3 * np.multiply.outer(np.cos(angle), x) + 3 * np.multiply.outer(np.sin(angle), y))
    colours = np.stack([np.cos(angle), np.sin(angle), np.cos(2 * angle)], axis=-1)
    waves = np.sin(phase + rng.uniform(0, 2 * np.pi, (count, 1, 1)))[..., None] * colours[:, None, None, :]
    pixels = np.clip(128 + 60 * waves + 20 * rng.standard_normal((count, 32, 32, 3)), 0, 255)
    return Images(torch.from_numpy(pixels.astype(np.uint8)), torch.from_numpy(labels), f"generated, seed {seed}")


def _batches(paths: list[Path], count: int) -> Images:
    pixels, labels = [], []
    for path in paths:
        try:
            with path.open("rb") as file:
                batch = _PlainUnpickler(file, encoding="bytes").load()
            pixels.append(np.asarray(batch[b"data"], dtype=np.uint8).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
            labels.append(_checked(batch[b"labels"], count // len(paths), len(pixels[-1])))
        except (pickle.UnpicklingError, EOFError, LookupError, AttributeError, TypeError, ValueError) as error:
            raise BadDocument(str(path), f"it is no CIFAR-10 batch ({error})", REPAIR) from None
    return Images(
        torch.from_numpy(np.ascontiguousarray(np.concatenate(pixels))),
        torch.from_numpy(np.concatenate(labels)),
        "CIFAR-10 python batches",
    )


class _PlainUnpickler(pickle.Unpickler):
    """Arrays, lists and dictionaries only: a pickle may call anything it can find."""

    _ALLOWED = frozenset({"_reconstruct", "ndarray", "dtype", "scalar", "_frombuffer"})

    def find_class(self, module: str, name: str) -> object:
        """What numpy's arrays are made with; raises `pickle.UnpicklingError` for anything else."""
        of_arrays = module.split(".", maxsplit=1)[0] == "numpy" and name in self._ALLOWED
        if not of_arrays and (module, name) != ("_codecs", "encode"):
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return super().find_class(module, name)


def _checked(labels: object, count: int, pixels: int) -> np.ndarray:
    """Labels of int64, where there are as many as images, and ten classes."""
    given = np.asarray(labels, dtype=np.int64)
    if given.shape != (count,) or pixels != count:
        raise ValueError(f"{pixels} images and {given.size} labels, not {count}")
    if not np.isin(given, range(10)).all():
        raise ValueError(f"labels from {given.min()} to {given.max()}, not 0 to 9")
    return given


def _jpeg_archive(path: Path, part: str, count: int) -> Images:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            data, offsets = archive[f"{part}_jpeg"], archive[f"{part}_offsets"]
            labels = _checked(archive[f"{part}_labels"], count, len(offsets) - 1)
        pixels = np.empty((count, 32, 32, 3), dtype=np.uint8)
        for index in range(count):
            pixels[index] = _decoded(data[offsets[index] : offsets[index + 1]].tobytes())
    except (OSError, LookupError, ValueError, EOFError, TypeError, BadZipFile) as error:
        raise BadDocument(str(path), f"it is no JPEG archive of CIFAR-10 ({error})", REPAIR) from None
    return Images(torch.from_numpy(pixels), torch.from_numpy(labels), "CIFAR-10 as JPEG")


def _decoded(data: bytes) -> np.ndarray:
    pillow = import_tool("PIL.Image", "a JPEG archive", "experiments")
    return np.asarray(pillow.open(io.BytesIO(data)).convert("RGB"))
