# SPDX-License-Identifier: Apache-2.0
"""Files of matrices for ``scripts/fuzz.py``: right ones in every spelling, mutated as bytes, as text and as JSON."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import wincraft as wc
from wincraft.emit import EMITTERS, render


def _whole_tiles() -> wc.Algorithm:
    """F(2,3) twice, as one algorithm of matrices for whole tiles."""
    arrays = wc.winograd(2, 3).to_numpy(object)
    return wc.Algorithm.from_matrices(*(np.kron(array, array) for array in arrays), m=(2, 2), r=(3, 3))


CORPUS = Path(__file__).parents[1] / "tests/files/corpus"
MADE = [wc.winograd(size) for size in ("2,3", "4,3", "1,1", "2x4,3x3", "2x2,3x3", "6,3")]
EXACT = [wc.winograd(4, 3).convert("GF(31)"), _whole_tiles(), wc.winograd("2x2,3x3").change_basis("legendre")]
"""Written as documents only: over GF(31), of whole tiles, and passes of two stages."""

TOKENS = [*"{}[](),;:=&|/#%\"'−½", "\\\\", "//", "/*", "*/", "1", "-1", "0.5", "1./2", "1/0", "nan", "inf", "1e999"]
TOKENS += ["1e-999", "9" * 400, "9" * 4400, "sqrt(2)", "sqrt(-1)", "1.0sqrt(2)", "-0.2222^222", "2^2^2^2", "-+0.5"]
TOKENS += ["\\frac{1}{2}", "\\frac{1}{0}", "√2", "\x00", "\n\n", "0x1p-1f", "0x", "1_000", "#define G G\n", "⎡", "──"]
TOKENS += ["AT", "G", "BT", "A", "B", "A^T", "np.array(", "tensor(", "dense<", "\\begin{bmatrix}", "// ", "# "]
TOKENS += ["(" * 300, "[" * 3000, "{" * 200, " " * 3000, "x" * 3000, "1 " * 2000, "-" * 2000]
VALUES: list[Any] = [None, True, False, 0, -1, 1.5, "1", "1/2", "x", "", "nan", "1e999999999", "9" * 5000, [], {}]
VALUES += [[[]], [["1"]], ["0", "1"], {"AT": 1}, 10**30, "inf", "x^2+1", "x^99999", "sqrt(" * 40, [[1, 2], [3]]]
VALUES += ["lavin", "GF(31)", "GF(4)", "QQ<sqrt(2)>", [2, 2]]
KEYS = ["kind", "version", "m", "r", "rank", "scale", "moduli", "convention", "domain", "form", "AT", "G", "BT"]
KEYS += ["stages", "sha256", "axes", "A", "B", "b_t", "\u202e", "field", "recipe", "passes", "axis", "image", "basis"]

Mutation = Callable[[random.Random, bytes], bytes]


@cache
def _right() -> list[tuple[str, bytes]]:
    """(suffix, content) of right files."""
    files = [(path.suffix, path.read_bytes()) for path in sorted(CORPUS.iterdir()) if path.name != "manifest.json"]
    for made in MADE:
        files += [("." + name, render(made, name).encode()) for name in EMITTERS]
        files += [(".json", render(made, "json").encode())] * 12
    files += [(".json", render(made, "json").encode()) for made in EXACT] * 12
    return files


def _bytes(generator: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(generator.randint(1, 4)):
        at = generator.randrange(len(changed) + 1)
        match generator.randrange(4):
            case 0:
                changed[at:at] = generator.randbytes(generator.randint(1, 3))
            case 1:
                del changed[at : at + generator.randint(1, 40)]
            case 2:
                del changed[at:]
            case _:
                changed[at : at + 1] = bytes([generator.randrange(256)])
    return bytes(changed)


def _text(generator: random.Random, content: bytes) -> bytes:
    text = content.decode("utf-8", "replace")
    for _ in range(generator.randint(1, 4)):
        at = generator.randrange(len(text) + 1)
        text = text[:at] + generator.choice(TOKENS) + text[at + generator.choice((0, 0, 1, 5)) :]
    return text.encode("utf-8", "replace")


def _lines(generator: random.Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True) or [b""]
    for _ in range(generator.randint(1, 3)):
        one, other = generator.randrange(len(lines)), generator.randrange(len(lines))
        match generator.randrange(3):
            case 0:
                lines[one], lines[other] = lines[other], lines[one]
            case 1:
                lines.insert(one, lines[other])
            case _ if len(lines) > 1:
                del lines[one]
    return b"".join(lines)


def _json(generator: random.Random, content: bytes) -> bytes:
    """A document with a member of it replaced, added, removed or given twice."""
    try:
        document = json.loads(content)
    except ValueError:
        return _text(generator, content)
    for _ in range(generator.randint(1, 3)):
        place: Any = document
        while isinstance(place, (dict, list)) and place and generator.random() < 0.7:
            key = generator.choice(list(place) if isinstance(place, dict) else range(len(place)))
            if not isinstance(place[key], (dict, list)):
                break
            place = place[key]
        if isinstance(place, dict):
            key = generator.choice([*place, *KEYS])
            if generator.random() < 0.3:
                place.pop(key, None)
            else:
                place[key] = deepcopy(generator.choice(VALUES))
        elif isinstance(place, list):
            at = generator.randrange(len(place) + 1)
            count = generator.choice((1, 1, 1, 2000))
            place[at : at + generator.randrange(2)] = [deepcopy(generator.choice(VALUES))] * count
    return json.dumps(document).encode()


MUTATIONS: list[Mutation] = [_bytes, _text, _lines, _json]


def _arrays(generator: random.Random, folder: Path) -> str:
    """A NumPy archive, mutated or of arrays that are none of an algorithm."""
    AT, G, BT = wc.winograd(2, 3).to_numpy(generator.choice(("float32", "float64", "float16")))
    extra = generator.choice(
        [np.zeros(0), np.zeros((2, 2, 2)), np.array("x"), np.zeros((3, 3), complex), np.array(1.0)]
    )
    np.savez(folder / "f.npz", AT=AT, G=generator.choice([G, G * np.nan, G[:, :2], G.T]), BT=BT, B=BT.T, x=extra)
    content = (folder / "f.npz").read_bytes()
    (folder / "f.npz").write_bytes(_bytes(generator, content) if generator.random() < 0.7 else content)
    return "f.npz"


def command_line(generator: random.Random, folder: Path) -> list[str]:
    """``verify`` or ``identify`` of one mutated file."""
    if generator.random() < 0.05:
        name = _arrays(generator, folder)
    else:
        suffix, content = generator.choice(_right())
        for _ in range(generator.choice((1, 1, 2))):
            content = generator.choice(MUTATIONS)(generator, content)
        name = "f" + generator.choice([suffix, suffix, suffix, ".txt", ".json", ".py", ".npz"])
        (folder / name).write_bytes(content)
    words = [generator.choice(("verify", "verify", "identify")), name + generator.choice(("", "", "", "", "#1", "#G"))]
    return words + (["--tolerance", generator.choice(("0", "1e-3", "1e-9"))] if generator.random() < 0.1 else [])
