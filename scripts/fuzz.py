# SPDX-License-Identifier: Apache-2.0
"""Fuzzed calls of the command line: ``python scripts/fuzz.py commands --count 1000 --seed 0``, or ``documents``.

Each case runs in a child process with limits of CPU time and memory, in a fresh folder of files that are right, wrong
or hostile. Wrong is a traceback, an exit code outside the table of ``wincraft --help`` or one that does not go with
what was printed, more CPU time than `CPU_SECONDS`, and a file that is left half written. A case depends on its number
and the seed only; ``--only N`` repeats one and shows what it prints. Needs a POSIX system.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import fuzz_commands
import fuzz_documents
import fuzz_searches

CPU_SECONDS, WALL_SECONDS, MEMORY = 10, 120, 4 << 30

Door = Callable[[random.Random, Path], list[str]]
"""Makes a command line; files that it needs it writes into the folder that it is called with."""

DOORS: dict[str, Door] = {
    "commands": fuzz_commands.command_line,
    "documents": fuzz_documents.command_line,
    "searches": fuzz_searches.command_line,
}


class Done(NamedTuple):
    """What came of a command line: its exit code (minus the signal's number, if killed), output, seconds of CPU."""

    code: int
    stdout: str
    stderr: str
    seconds: float


def run(arguments: list[str], folder: Path) -> Done:
    """A command line in a child process, in that folder."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if not child:
            _be_the_command(arguments, folder, out.fileno(), err.fileno())
        end = time.monotonic() + WALL_SECONDS
        while True:
            found, status, used = os.wait4(child, os.WNOHANG)
            if found:
                break
            if time.monotonic() > end:
                os.kill(child, signal.SIGKILL)
            time.sleep(0.005)
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode(errors="replace"))
    return Done(os.waitstatus_to_exitcode(status), *texts, used.ru_utime + used.ru_stime)


def _be_the_command(arguments: list[str], folder: Path, out: int, err: int) -> None:
    os.chdir(folder)
    os.dup2(out, 1)
    os.dup2(err, 2)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.argv = ["wincraft", *arguments]
    code = 70
    try:
        from wincraft.cli.main import run as entry_point

        entry_point()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 70
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def faults(arguments: list[str], done: Done, folder: Path) -> Iterator[str]:
    """What is wrong with an outcome."""
    if done.code in (-signal.SIGXCPU, -signal.SIGKILL):
        yield f"does not end: {done.seconds:.1f} s of CPU"
    elif "Traceback" in done.stderr and not ("--debug" in arguments and done.code in (1, 3, 4)):
        yield done.stderr.strip().splitlines()[-1][:160]
    elif done.code not in (0, 1, 2, 3, 4, 130, 141):
        yield f"exit code {done.code}"
    if "--debug" not in arguments:
        lines = [line for line in done.stderr.splitlines() if line.startswith("wincraft: ")]
        if done.code in (2, 3, 4) and len(lines) != 1:
            yield f"exit code {done.code} with {len(lines)} lines of error"
        if done.code in (2, 3, 4) and done.stdout:
            yield f"exit code {done.code} with output"
        if not done.code and lines:
            yield "an error with exit code 0"
        if done.code == 1 and not (lines or done.stdout):
            yield "exit code 1 without a word"
    if any(path.name.startswith(".wincraft-") for path in folder.iterdir()):
        yield "a temporary file is left behind"


def main() -> int:
    """Run the cases and print those that are wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("door", choices=DOORS)
    parser.add_argument("--count", type=int, default=1000, help="how many cases")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="repeat this case and show its output")
    chosen = parser.parse_args()
    fuzz_commands.warm_up()
    wrong, slowest, codes = 0, 0.0, dict.fromkeys(range(5), 0)
    for number in range(chosen.count) if chosen.only is None else [chosen.only]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            arguments = DOORS[chosen.door](random.Random(f"{chosen.seed} {chosen.door} {number}"), folder)
            done = run(arguments, folder)
            found = list(faults(arguments, done, folder))
        codes[done.code] = codes.get(done.code, 0) + 1
        slowest = max(slowest, done.seconds)
        if found or chosen.only is not None:
            wrong += bool(found)
            print(
                f"{number}: {'; '.join(found) or done.code}\n   wincraft {' '.join(map(ascii, arguments))}", flush=True
            )
        if chosen.only is not None:
            print(done.stdout, done.stderr, sep="\n")
    told = ", ".join(f"{count} x {code}" for code, count in sorted(codes.items()) if count)
    print(f"{chosen.count} cases of {chosen.door}, {wrong} wrong; exit codes: {told}; slowest {slowest:.1f} s of CPU")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
