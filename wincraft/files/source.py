# SPDX-License-Identifier: Apache-2.0
"""Kernels in C or C++ that hold no tables: their transforms are compiled and their matrices read off.

A program is made that includes the source and calls a function on arrays that are given; what a function is called
with follows from its parameters.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

import numpy as np

from wincraft.errors import BadDocument, MissingTool, NotApplicable, ToolFailed
from wincraft.exact.splitting import split_list

_FOUND = {"c": ("CC", ("cc", "gcc", "clang")), "c++": ("CXX", ("c++", "g++", "clang++"))}
"""By language: the environment's variable that names a compiler with its options, and what is looked for else."""

TIME_LIMIT = 120
"""Seconds for a compilation, and for a program that was compiled."""
CAPACITY = 2**16
"""Entries of the arrays that a function is called with."""
_CPP_SUFFIXES = (".cc", ".cpp", ".cxx", ".hpp", ".hh", ".hxx", ".cu")
_QUALIFIERS = re.compile(r"\b(?:const|volatile|register|restrict|__restrict(?:__)?|static|struct|enum)\b")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_INTEGER = re.compile(r"(?:(?:std::)?(?:unsigned|signed|char|s?size_t|ptrdiff_t|u?int\d*(?:_t)?|long|short|int)\s*)+")


def compiler(language: str = "c", what: str = "compiling the header") -> list[str]:
    """The command that compiles a language, ``c`` or ``c++``: that of CC or CXX, else the first that is found.

    Raises:
        MissingTool: there is none.

    >>> len(compiler("c")) > 0
    True
    """
    variable, names = _FOUND[language]
    given = shlex.split(os.environ.get(variable, ""))
    if given:
        return given
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        name = {"c": "a C compiler", "c++": "a C++ compiler"}[language]
        raise MissingTool(what, name, f"install {', '.join(names[:-1])} or {names[-1]}, or set {variable}")
    return [found]


def run_program(command: list[str], folder: str | Path, given: str | None = None) -> str:
    """What a program prints, run in a folder on a text as its input.

    Raises:
        ToolFailed: it cannot be started, fails, or takes longer than `TIME_LIMIT`; its first words are in it.

    >>> import sys
    >>> run_program([sys.executable, "-c", "print(6 * 7)"], ".").strip()
    '42'
    """
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            command, cwd=folder, input=given, capture_output=True, text=True, timeout=TIME_LIMIT, check=False,
            errors="replace",
        )  # fmt: skip
    except OSError as error:
        raise ToolFailed(name, error.strerror or str(error), "check the compiler") from None
    except subprocess.TimeoutExpired:
        raise ToolFailed(name, f"it ran longer than {TIME_LIMIT} seconds", "check what it does") from None
    if done.returncode:
        told = " ".join(done.stderr.split())[:240] or "without a word"
        raise ToolFailed(name, f"exit code {done.returncode}: {told}", "mend the source")
    return done.stdout


@dataclass(frozen=True)
class Parameter:
    """One parameter of a function: the type of what it points to, or of the integer itself."""

    name: str
    type: str
    pointer: bool
    constant: bool


def parameters(path: str | Path, function: str) -> tuple[Parameter, ...]:
    """The parameters of a function of a C or C++ source.

    Raises:
        BadDocument: the file cannot be read, or has no such function.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w+", suffix=".c") as file:
    ...     _ = file.write("static void f(const float *d, int stride, float u[4]) { }")
    ...     file.flush()
    ...     [(item.name, item.type, item.pointer) for item in parameters(file.name, "f")]
    [('d', 'float', True), ('stride', 'int', False), ('u', 'float', True)]
    """
    try:
        text = _COMMENT.sub(" ", Path(path).read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError) as error:
        raise BadDocument(str(path), getattr(error, "strerror", None) or str(error), "check the path") from None
    listed = r"\(((?:[^()]|\([^()]*\))*)\)"
    found = re.findall(rf"[\w*&>]\s+\**\s*{re.escape(function)}\s*{listed}\s*(?:\{{|;)", text)
    if not found:
        names = re.findall(r"\w[\w\s*]*\s\**(\w+)\s*\((?:[^()]|\([^()]*\))*\)\s*\{", text)
        known = ", ".join(dict.fromkeys(names)) or "none"
        raise BadDocument(str(path), f"it has no function {function!r}", f"its functions are {known[:200]}")
    return tuple(
        _parameter(item, path) for item in split_list(found[0], brackets="()[]<>") if item.strip() not in ("", "void")
    )


def _parameter(text: str, path: str | Path) -> Parameter:
    pointer = bool(re.search(r"[*\[]", text))
    plain = re.sub(r"\[[^\]]*\]|[*&()]", " ", text)
    words = _QUALIFIERS.sub(" ", plain).split()
    if len(words) < 2:
        raise BadDocument(str(path), f"its parameter {text.strip()!r} has no name", "give the definition, with names")
    return Parameter(words[-1], " ".join(words[:-1]), pointer, "const" in text.split("*", maxsplit=1)[0].split())


@dataclass(frozen=True)
class Kernel:
    """A function of a source with one or two input arrays and one output array, compiled when it is called.

    `strides` are the values of its integer parameters, in their order.
    """

    path: Path
    function: str
    inputs: tuple[Parameter, ...]
    output: Parameter
    listed: tuple[Parameter, ...]
    strides: tuple[int, ...]

    @property
    def integers(self) -> bool:
        """Whether its output holds integers, by the name of their type."""
        return bool(_INTEGER.fullmatch(self.output.type))

    def many(self, arguments: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
        """The values for many arguments, one array per input each: a row of what was written for each.

        The dtype is int64 for integers, else float32 or float64.

        Raises:
            MissingTool: there is no compiler.
            NotApplicable: the source does not compile or run, or a value is not written in one piece.
        """
        language = "c++" if self.path.suffix.lower() in _CPP_SUFFIXES else "c"
        command = compiler(language, f"calling {self.function}")
        sizes = [array.size for array in arguments[0]]
        numbers = "\n".join(" ".join(f"{x!r}" for x in array.ravel().tolist()) for row in arguments for array in row)
        with tempfile.TemporaryDirectory() as folder:
            name = "probe.cpp" if language == "c++" else "probe.c"
            included = Path(folder, f"probed{self.path.suffix}")
            included.symlink_to(self.path.resolve())
            Path(folder, name).write_text(self._program(included.name, sizes), encoding="utf-8")
            options = ["-O1", "-w", f"-I{self.path.resolve().parent}", name, "-o", "probe", "-lm"]
            run_program([*command, *options], folder)
            run_program([str(Path(folder, "probe")), "out.txt"], folder, f"{len(arguments)}\n{numbers}\n")
            size, *lines = Path(folder, "out.txt").read_text(encoding="ascii").splitlines()
        counts = {line.split()[0] for line in lines}
        if len(counts) > 1 or counts & {"0", "-1"}:
            reason = f"{self.output.name} is not written whole, or depends on what it held before"
            raise NotApplicable(self.function, reason, "wrap it in a function that writes it from its first entry on")
        dtype: type = np.int64 if self.integers else np.float32 if int(size) <= 4 else np.float64
        return np.array([[float(x) for x in line.split()[1:]] for line in lines]).astype(dtype)

    def _program(self, included: str, sizes: Sequence[int]) -> str:
        names = {item.name: f"(ANY)in{k}" for k, item in enumerate(self.inputs)} | {self.output.name: "(ANY)out"}
        strides = iter(self.strides)
        call = ", ".join(names[item.name] if item.pointer else str(next(strides)) for item in self.listed)
        arrays = "".join(f"static {item.type} in{k}[{CAPACITY}];\n" for k, item in enumerate(self.inputs))
        reads = "".join(
            f'        for (i = 0; i < {size}; ++i) {{ if (scanf("%lf", &x) != 1) return 3; in{k}[i] = x; }}\n'
            for k, size in enumerate(sizes)
        )
        return _PROGRAM.substitute(
            path=included, arrays=arrays, type=self.output.type, capacity=CAPACITY, reads=reads,
            call=f"{self.function}({call})",
        )  # fmt: skip


_PROGRAM = Template("""\
#define main probed_main
#include "$path"
#undef main
#include <stdio.h>
#include <string.h>
#ifdef __cplusplus
struct Any { void *p; template <class T> operator T *() const { return (T *)p; } Any(void *q) : p(q) {} };
#define ANY Any
#else
#define ANY void *
#endif
${arrays}static $type out[$capacity], once[$capacity];
int main(int argc, char **argv)
{
    int i, cases, end, begin;
    double x;
    FILE *file = fopen(argv[argc - 1], "w");
    if (!file || scanf("%d", &cases) != 1) return 3;
    fprintf(file, "%d\\n", (int)sizeof($type));
    while (cases-- > 0) {
$reads        memset(out, 0x2a, sizeof out);
        $call;
        memcpy(once, out, sizeof out);
        memset(out, 0x55, sizeof out);
        $call;
        for (end = $capacity; end > 0 && memcmp(out + end - 1, once + end - 1, sizeof *out); --end) ;
        for (begin = 0; begin < end && !memcmp(out + begin, once + begin, sizeof *out); ++begin) ;
        fprintf(file, "%d", begin < end ? -1 : end);
        for (i = 0; i < end; ++i) fprintf(file, " %.17g", (double)out[i]);
        fprintf(file, "\\n");
    }
    return fclose(file) ? 3 : 0;
}
""")


def kernel(path: str | Path, function: str, widths: Sequence[int]) -> Kernel:
    """A function as a `Kernel`; an integer parameter is the row stride of the array it stands with.

    Args:
        path: of the source.
        function: its name.
        widths: the row lengths of its inputs and, last, of its output: what their strides are set to.

    Raises:
        BadDocument: no such file or function.
        NotApplicable: parameters that are no arrays of numbers and integers, or not one output and len(widths) - 1
            inputs. Inputs are const, or all arrays but the last.
    """
    listed = parameters(path, function)
    pointers = [item for item in listed if item.pointer]
    inputs = [item for item in pointers if item.constant] or pointers[:-1]
    outputs = [item for item in pointers if item not in inputs]
    strange = [item for item in listed if not item.pointer and not _INTEGER.fullmatch(item.type)]
    if len(inputs) != len(widths) - 1 or len(outputs) != 1 or strange:
        wanted = f"{len(widths) - 1} const array{'s' * (len(widths) > 2)} and one output, and integers as row strides"
        shown = ", ".join(f"{item.type}{' *' * item.pointer} {item.name}" for item in listed)
        raise NotApplicable(function, f"its parameters are ({shown})", f"wrap it in a function of {wanted}")
    width = dict(zip((item.name for item in (*inputs, *outputs)), widths, strict=True))
    strides = tuple(_stride(listed, k, width) for k, item in enumerate(listed) if not item.pointer)
    return Kernel(Path(path), function, tuple(inputs), outputs[0], listed, strides)


def _stride(listed: Sequence[Parameter], position: int, width: dict[str, int]) -> int:
    """The width of the array that is named in an integer's name, else that stands before it, else after it."""
    words = re.split(r"_|(?<=[a-z])(?=[A-Z])", listed[position].name)
    named = [item.name for item in listed if item.pointer and item.name in words]
    before = [item.name for item in reversed(listed[:position]) if item.pointer]
    after = [item.name for item in listed[position:] if item.pointer]
    return width[[*named, *before, *after][0]]
