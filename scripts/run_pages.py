# SPDX-License-Identifier: Apache-2.0
"""Runs the examples of pages: ``python scripts/run_pages.py docs/tutorial.md`` writes what they print into the page.

What runs, in order, in one namespace and one temporary directory per page:

- ``python`` blocks; ``pycon`` blocks, whose output is compared as doctest compares it;
- ``console`` blocks: lines that begin with ``$ `` are commands, the lines below what they print. A line ``...`` stands
  for any lines. Decimals may differ by one unit of their last digit: sums are ordered otherwise on other processors;
- ``<!-- file: NAME -->`` before a block of any language writes it to a file;
- ``<!-- setup: CODE -->`` runs Python that a page does not show.

Other blocks do not run. ``tests/docs/test_pages.py`` runs every page.
"""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
_FENCE = re.compile(r"^(?P<fence>```+)(?P<kind>[^\s`]*)\n(?P<body>.*?)^(?P=fence)[ ]*$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"^<!--\s*(?P<kind>setup|file):\s*(?P<body>.*?)-->[ ]*$", re.MULTILINE | re.DOTALL)
_DECIMAL = re.compile(r"-?\d+\.\d+(?:e[+-]\d+)?")
_COMPILERS = ("cc", "gcc", "clang")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and where the text lies in the page."""

    kind: str
    body: str
    start: int
    file: str | None = None


@dataclass(frozen=True)
class Command:
    """A command of a console block, and what the page says it prints."""

    text: str
    expected: str


def blocks(text: str) -> Iterator[Block]:
    """What a page runs, in order."""
    found = [*_FENCE.finditer(text), *_COMMENT.finditer(text)]
    fences = [(match.start(), match.end()) for match in _FENCE.finditer(text)]
    file = None
    for match in sorted(found, key=lambda match: match.start()):
        if match.re is _COMMENT:
            if any(start < match.start() < end for start, end in fences):
                continue
            if match["kind"] == "file":
                file = match["body"].strip()
            else:
                yield Block("setup", match["body"], match.start("body"))
            continue
        yield Block(match["kind"], match["body"], match.start("body"), file)
        file = None


def commands(body: str) -> list[Command]:
    """The commands of a console block; one that ends in a backslash goes on in the next line."""
    found: list[Command] = []
    going_on = False
    for line in body.splitlines():
        if going_on:
            found[-1] = Command(f"{found[-1].text}\n{line}", "")
        elif line.startswith("$ "):
            found.append(Command(line[2:], ""))
        elif not found:
            raise ValueError(f"a console block begins with {line!r}, not with a command")
        else:
            found[-1] = Command(found[-1].text, f"{found[-1].expected}{line}\n")
            continue
        going_on = line.endswith("\\")
    return found


def printed(command: str) -> str:
    """What a command of the shell prints on stdout and stderr, in the present directory.

    The note of a long search without numba is left out: whether it comes depends on the machine.
    """
    scripts = str(Path(sys.executable).parent)
    settings = {"COLUMNS": "80", "NO_COLOR": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    environment = {**os.environ, **settings, "PATH": scripts + os.pathsep + os.environ.get("PATH", os.defpath)}
    run = subprocess.run(
        command,
        shell=True,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return re.sub("^note: without numba.*\n", "", run.stdout.decode(), flags=re.MULTILINE)


def agrees(expected: str, got: str) -> bool:
    """Whether lines are those expected, up to ``...`` and the last digit of decimals."""
    wanted, found = ([line.rstrip() for line in text.strip("\n").splitlines()] for text in (expected, got))
    reach = {0}  # how many lines of `found` the lines so far may have taken
    for line in wanted:
        if line == "...":
            reach = set(range(min(reach, default=len(found) + 1), len(found) + 1))
        else:
            reach = {at + 1 for at in reach if at < len(found) and _same(line, found[at])}
    return len(found) in reach


def _same(wanted: str, got: str) -> bool:
    if wanted == got:
        return True
    if _DECIMAL.sub("#", wanted).split() != _DECIMAL.sub("#", got).split():
        return False
    for one, other in zip(_DECIMAL.findall(wanted), _DECIMAL.findall(got), strict=True):
        digits, _, power = one.partition("e")
        unit = 10.0 ** (int(power or 0) - len(digits.partition(".")[2]))
        if abs(float(one) - float(other)) > 1.001 * unit:
            return False
    return True


class Failed(AssertionError):
    """An example does not print what its page says."""


@dataclass
class Page:
    """A page being run in the present directory."""

    text: str
    name: str
    namespace: dict[str, Any]

    def run(self) -> list[str]:
        """Run everything; returns what was left out.

        Raises:
            Failed: at the first example that prints something else.
        """
        skipped: list[str] = []
        for block in blocks(self.text):
            if self._done_silently(block):
                continue
            if block.kind == "pycon":
                self._pycon(block)
            elif block.kind == "console":
                skipped += self._console(block)
        return skipped

    def _done_silently(self, block: Block) -> bool:
        """Whether it was a block without output: a file, which is written, or code, which is run."""
        if block.file is not None:
            Path(block.file).write_text(block.body, encoding="utf-8")
        elif block.kind in ("python", "setup"):
            exec(compile(self._padded(block), self.name, "exec"), self.namespace)
        else:
            return False
        return True

    def refreshed(self) -> str:
        """The page with the output of console blocks as it is, where it is not as the page says."""
        text, shift = self.text, 0
        for block in blocks(self.text):
            if not self._done_silently(block) and block.kind == "console":
                parts = []
                for command in commands(block.body):
                    got = "".join(f"{line.rstrip()}\n" for line in printed(command.text).strip("\n").splitlines())
                    kept = command.expected if agrees(command.expected, got) else got
                    parts.append(f"$ {command.text}\n{kept}")
                start = block.start + shift
                text = text[:start] + "".join(parts) + text[start + len(block.body) :]
                shift += len("".join(parts)) - len(block.body)
        return text

    def _padded(self, block: Block) -> str:
        return "\n" * self.text[: block.start].count("\n") + block.body

    def _line(self, block: Block) -> int:
        return self.text[: block.start].count("\n")

    def _pycon(self, block: Block) -> None:
        test = doctest.DocTestParser().get_doctest(block.body, self.namespace, self.name, self.name, self._line(block))
        report: list[str] = []
        runner = doctest.DocTestRunner(optionflags=FLAGS)
        runner.run(test, out=report.append, clear_globs=False)
        self.namespace.update(test.globs)
        if runner.failures:
            raise Failed("".join(report))

    def _console(self, block: Block) -> list[str]:
        found = commands(block.body)
        words = [command.text.split()[0] for command in found]
        compilers = [word for word in words if word in _COMPILERS]
        if (compilers or any(word.startswith("./") for word in words)) and not any(
            map(shutil.which, compilers or _COMPILERS)
        ):
            return [f"{self.name}, line {self._line(block)}: no C compiler"]
        if "coqc" in words and not shutil.which("coqc"):
            return [f"{self.name}, line {self._line(block)}: no Coq"]
        for command in found:
            got = printed(command.text)
            if not agrees(command.expected, got):
                raise Failed(
                    f"{self.name}, line {self._line(block)}: $ {command.text}\n"
                    f"--- the page says\n{command.expected}--- it prints\n{got}"
                )
        return []


def main(paths: list[str]) -> None:
    """Write the output of console blocks into the pages."""
    for path in [Path(path).resolve() for path in paths]:
        text = path.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as directory, chdir(directory):
            new = Page(text, path.name, {"__name__": "__page__"}).refreshed()
        if new != text:
            path.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
