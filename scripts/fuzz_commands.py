# SPDX-License-Identifier: Apache-2.0
"""Command lines for ``scripts/fuzz.py``: any command, any of its options, with right, wrong and hostile values."""

from __future__ import annotations

import os
import random
from functools import cache
from importlib import import_module
from pathlib import Path

import click

from wincraft.cli.main import COMMANDS, main
from wincraft.cli.shared.group import LazyGroup

SIZES = ["2,3", "4,3", "F(4,3)", "2x2,3x3", "4x4,3x3", "2x4,3x3", "3,2", "1,1", "6,3", "1x7,1x7", "2x2x2,3x3x3"]
POINTS = ["0,1,-1,2,-2", "0,1,-1", "0,1/2,-1/2,2,-2,inf", "0,1,-1,inf", "0,sqrt(2),-sqrt(2),1,-1", "0,1,-1;0,1,-1"]
MODULI = ["0,1,-1,x^2+1", "0,x^2+1,inf", "x^2+1,x^2+x+1", "0,1,-1,x^2+1@-1,inf"]
SCHEMES = ["fp16", "bf16", "fp32", "tapwise-8", "barabasz-2020-8", "tapwise-pow2", "int8", "q3.12", "fp16,U=fp32"]
SCHEMES += ["tapwise-8+unsigned+mse", "ncnn-int8+weights-per-channel", "a:tapwise-8+percentile:99,M=int10/tap"]
OUTPUTS = ["out.json", "out.txt", "out.h", "out.html", "out.md", "out.py", "-", "out.npz", "folder", "no/such/f.json"]
OUTPUTS += ["loop", "/dev/full", "/dev/null", "binary", "", " ", "\udcff.json", "a" * 300, "a\nb.json", "read_only/f"]
FILES = ["f4.json", "f2x2.json", "f4.txt", "f4.h", "f4.py", "f4.tex", "search.json", "checkpoint", "binary", "empty"]
FILES += ["folder", "absent", "loop", "deep.json", "wrong.json", "list.json", "data.npy", "weights.npy", "f4.npz", "-"]
FILES += ["\udcff.json", "named.npz", "/dev/null", "/dev/zero", "huge.txt", "text.npy"]

HOSTILE = ["", " ", "-", "--", "0", "-1", "nan", "inf", "-inf", "1e999999999", "1e-999999999", "9" * 400, "9" * 5000]
HOSTILE += ["1/0", "½", "４,３", "x" * 3000, "\n", "\t", "'", '"', "$(id)", "../..", "%s%n", "{}", "[" * 300, "("]
HOSTILE += ["sqrt(" * 60, "2^2^2^2^2", "x^64", "9^9^9", "\u202e", "\U0001f600", "\udcff", "A=B=C", ",", ";;", ":", "1,"]
HOSTILE += ["2147483648", "-9223372036854775809", "1e308", "1e400", "0x10", "1_000", "True", "None", "0.1", "-0"]

RIGHT = {
    "points": POINTS,
    "moduli": MODULI,
    "convention": ["wincnn", "integer", "balanced", "lavin", "balanced-2bit"],
    "conventions": ["wincnn", "integer", "balanced"],
    "basis": ["legendre", "chebyshev", "canonical"],
    "bases": ["legendre", "chebyshev", "canonical,legendre"],
    "schemes": SCHEMES,
    "scheme": SCHEMES,
    "format_given": ["text", "json", "markdown", "html", "c", "numpy", "latex", "npz"],
    "format_name": ["text", "json", "c", "numpy", "latex", "html"],
    "output": OUTPUTS[:6],
    "layer": ["64,64,56,56", "8,8,7,7", "1,1,1,1"],
    "data": ["data.npy"],
    "weights": ["weights.npy"],
    "channels": ["1", "8", "64"],
    "seed": ["0", "7"],
    "padding": ["0", "1"],
    "distribution": ["gaussian", "relu-gaussian", "uniform", "uniform01"],
    "limits": ["noise-gain=5", "cond-V=100", "products=1000", "error:fp16=-30"],
    "max_height": ["1", "2", "3"],
    "space_name": ["rational", "dyadic", "integer", "symmetric", "reciprocal", "symmetric-dyadic"],
    "objective": ["noise-gain", "worst-case", "height", "rank", "noise-gain:1/2", "cond-V", "exact-bits", "sqnr:int8"],
    "constraints": ["exact-bits<=8", "height<=2", "cond-V<100", "noise-gain>=1", "rank<=6"],
    "strategy": ["auto", "exhaustive", "branch-and-bound"],
    "within": ["0", "1%", "0.01", "50%"],
    "engine": ["auto", "numpy", "numba"],
    "jobs": ["1"],
    "time_limit": ["0", "0.5", "2"],
    "checkpoint": ["new", "checkpoint", "pipe", "/dev/zero"],
    "tolerance": ["1e-5", "0.001", "0", "1/1000"],
    "taps": ["3", "5"],
}
"""Values by the name of an option; what is not listed gets any of the values of all."""

_REACHES_OUT = {"cluster"}
"""Options that wait for something outside."""


@cache
def commands() -> dict[str, click.Command]:
    """All commands by name, those of a group by two."""
    found: dict[str, click.Command] = {}
    for name in COMMANDS:
        command = import_module(f"wincraft.cli.{name}").command
        below = command.table if isinstance(command, LazyGroup) else {}
        found[name] = command.get_command(click.Context(command), "points") if below else command
        found |= {f"{name} {one}": command.get_command(click.Context(command), one) for one in below}
    return found


def command_line(generator: random.Random, folder: Path) -> list[str]:
    """A command with some of its options; its files are written into the folder."""
    write_files(folder)
    name = generator.choice(list(commands()))
    words = name.split()
    for parameter in commands()[name].params:
        words += _words(generator, parameter)
    if name in ("search", "search points", "search limit") and "--time-limit" not in words and generator.random() < 0.9:
        words += ["--time-limit", "1"]
    if name == "search front":  # every set is constructed, and there is no limit of time
        words += ["--space", "symmetric-integer"]
    return _disturbed(generator, words)


def _words(generator: random.Random, parameter: click.Parameter) -> list[str]:
    if isinstance(parameter, click.Argument):
        count = generator.choice([1, 1, 1, 1, 1, 2, 3, 0]) if parameter.nargs == -1 else int(generator.random() < 0.95)
        return [_value(generator, parameter) for _ in range(count)]
    often = {"max_height": 0.7, "points": 0.3, "output": 0.3}.get(parameter.name or "", 0.12)
    if generator.random() > often or parameter.name in _REACHES_OUT:
        return []
    flag = generator.choice(parameter.opts)
    if isinstance(parameter, click.Option) and parameter.is_flag:
        return [flag]
    words = []
    for _ in range(generator.choice([1, 1, 1, 2]) if parameter.multiple else 1):
        value = _value(generator, parameter)
        words += [f"{flag}={value}"] if flag.startswith("--") and generator.random() < 0.2 else [flag, value]
    return words


def _value(generator: random.Random, parameter: click.Parameter) -> str:
    name = parameter.name or ""
    if name in ("size", "sizes"):
        right = SIZES + FILES[:2]
    elif name == "files":
        right = FILES
    elif isinstance(parameter.type, click.Choice):
        right = list(map(str, parameter.type.choices))
    else:
        right = RIGHT.get(name) or [word for words in RIGHT.values() for word in words]
    kind = generator.random()
    if kind < 0.75:
        return generator.choice(right)
    if kind < 0.85:
        return generator.choice(OUTPUTS if name == "output" else HOSTILE + FILES)
    return _mutated(generator, generator.choice(right))


def _mutated(generator: random.Random, text: str) -> str:
    at = generator.randrange(len(text) + 1)
    piece = generator.choice([*"0123456789.,;x^-+*/()%:<>=@ eE", "inf", "nan", "sqrt", "\0", *HOSTILE])
    cut = at + generator.randrange(2)
    return (text[:at] + piece + text[cut:]).replace("\0", "")


def _disturbed(generator: random.Random, words: list[str]) -> list[str]:
    kind, at = generator.random(), generator.randrange(len(words))
    if kind < 0.03:
        return words[:at]
    if kind < 0.06:
        return [*words[:at], generator.choice([*HOSTILE, "--debug", "--help", "--version", "--nonsense"]), *words[at:]]
    if kind < 0.09:
        return [*words, words[at]]
    if kind < 0.12:
        generator.shuffle(words)
    return words


@cache
def _contents() -> dict[str, bytes]:
    import io

    import numpy as np

    import wincraft as wc
    from wincraft.search import Space, search_space

    one, two = wc.winograd(4, 3, points="0,1,-1,2,-2"), wc.parse("2x2,3x3")
    suffixes = {"json": "json", "txt": "text", "h": "c", "py": "numpy", "tex": "latex"}
    files = {f"f4.{suffix}": wc.render(one, name).encode() for suffix, name in suffixes.items()}
    files["f2x2.json"] = wc.render(two, "json").encode()
    files["wrong.json"] = files["f4.json"].replace(b'"1/4"', b'"1/3"').replace(b'"-2"', b'"2"')
    arrays = {name: np.array(getattr(one, name).tolist(), dtype=float) for name in ("AT", "G", "BT")}
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    files["f4.npz"] = stream.getvalue()
    random_numbers = np.random.default_rng(0)
    for name, shape in (("data.npy", (1, 2, 8, 8)), ("weights.npy", (2, 2, 3, 3))):
        stream = io.BytesIO()
        np.save(stream, random_numbers.standard_normal(shape))
        files[name] = stream.getvalue()
    files["named.npz"] = files["data.npy"]
    found = search_space(Space(4, 3, height=2))
    import json

    files["search.json"] = json.dumps(found.document()).encode()
    files |= {"binary": bytes(range(256)) * 8, "empty": b"", "text.npy": b"no array", "list.json": b"[1, 2]"}
    files["deep.json"] = b"[" * 100_000
    files["huge.txt"] = b"AT\n" + b" " * 30_000 + b"1 2\n" + b"x" * 30_000
    return files


def warm_up() -> None:
    """Import and make once what every child process needs."""
    commands()
    _contents()
    with click.Context(main):
        pass


def write_files(folder: Path) -> None:
    """The files that command lines name."""
    for name, content in _contents().items():
        (folder / name).write_bytes(content)
    (folder / "folder").mkdir()
    (folder / "read_only").mkdir(mode=0o500)
    (folder / "loop").symlink_to("loop")
    os.mkfifo(folder / "pipe")
    (folder / "\udcff.json").write_bytes(b"{}")
    (folder / "checkpoint").write_bytes(b"[" * 100_000)
