# SPDX-License-Identifier: Apache-2.0
"""Plans in C: conv2d kernels for the algorithms of the pieces, and a file that runs them on phases and adds them up.

The phases of a stride or a dilation are the image with longer strides, so that nothing is copied: a kernel reads one
where it stands, and adds to the outputs of its piece where they stand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from math import prod
from pathlib import Path

from wincraft.construct.choices import DEFAULT_CIRCUIT
from wincraft.emit.c.text import comment, fill
from wincraft.emit.kernel.common import main_program, named_files, template_words
from wincraft.emit.kernel.conv2d import ELEMENT_TYPES, FEWEST, U_BYTES, conv2d_files
from wincraft.emit.kernel.floats import MOST_CHANNELS, FloatElements, round_up_text
from wincraft.emit.kernel.pieces import AxisSteps, KernelRun, runs_of, what_is_written, without_depth
from wincraft.emit.kernel.templates import filled
from wincraft.errors import NotApplicable, look_up
from wincraft.files.decomposition import plan_document
from wincraft.files.provenance import circuit_words
from wincraft.files.writing import write_folder
from wincraft.plan.plan import Plan
from wincraft.plan.reductions import Steps
from wincraft.version import __version__

PLAN_TYPES = ("float32", "int8", "uint8")
"""The element types of plans: sums of pieces stand in y, in float or in 32 bits."""

_ROUNDING = 6e-8
"""A little more than half a unit in the last place of 1 in float."""


def plan_files(
    plan: Plan, type: str = "float32", lanes: int | None = None, circuit: str = DEFAULT_CIRCUIT
) -> dict[str, str]:
    """The files of a plan's layers, by name: a header and a C file of the plan, and those of the kernels that it calls.

    Layers have any batch, size, padding, strides of memory, groups, depthwise too, bias and clamp. Integers are exact,
    with outputs in 32 bits. Of three axes the first has no transforms: pieces have one output or one tap along it.

    Raises:
        UnknownName: for a type that is not in `PLAN_TYPES`.
        BadValue: for other lanes than `LANES`.
        NotApplicable: for more axes, pieces of whole tiles, and as `conv2d_files`.
        ClaimRefuted: where the pieces are not the problem.

    >>> from wincraft.plan import Problem, make_plan
    >>> for name in plan_files(make_plan(Problem(3, stride=2, axes=2), 2)):
    ...     print(name)
    wincraft_plan_3x3_stride2_float32.h
    wincraft_plan_3x3_stride2_float32.c
    wincraft_f2x2_2x2_float32.h
    wincraft_f2x2_2x2_float32.c
    wincraft_f2x2_2x1_float32.h
    wincraft_f2x2_2x1_float32.c
    wincraft_f2x2_1x2_float32.h
    wincraft_f2x2_1x2_float32.c
    """
    look_up("type of a plan", type, dict.fromkeys(PLAN_TYPES))
    writer = _Writer(plan, type, lanes, circuit)
    return {**writer.files(), **writer.kernel_files()}


def write_plan(
    plan: Plan, folder: str | Path, type: str = "float32", lanes: int | None = None, circuit: str = DEFAULT_CIRCUIT
) -> list[Path]:
    """Write the files of a plan to a folder, which is made where there is none, and return their paths.

    Raises:
        UnknownName, BadValue, NotApplicable, ClaimRefuted: as `plan_files`.
        CannotWrite: where the folder cannot be made or is a file.

    >>> import tempfile
    >>> from wincraft.plan import Problem, make_plan
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     len(write_plan(make_plan(Problem(3, dilation=2, axes=2), 4), folder))
    4
    """
    return write_folder(folder, plan_files(plan, type, lanes, circuit))


class _Writer:
    """The parts of a plan's files."""

    def __init__(self, plan: Plan, type: str, lanes: int | None, circuit: str) -> None:
        self.plan, self.type, self.lanes, self.circuit = plan, type, lanes, circuit
        self.make, self.problem, self.runs = ELEMENT_TYPES[type], plan.problem, runs_of(plan)
        self.classes = list(dict.fromkeys(run.outputs for run in self.runs))
        named = dict.fromkeys(run.algorithm for run in self.runs if run.algorithm is not None)
        self.kernels = list(named) or [without_depth(plan.pieces[0].algorithm)]
        self.elements = [self.make(type, kernel, circuit) for kernel in self.kernels]
        names = [kernel.size for kernel in self.kernels]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            reason, repair = f"it has two algorithms {twice}", "take one for all pieces of a size"
            raise NotApplicable(what_is_written(plan), reason, repair)

    @cached_property
    def prefix(self) -> str:
        """What the symbols of the plan begin with."""
        words = ["x".join(map(str, self.problem.r))]
        for name, sizes in (("stride", self.problem.s), ("dilation", self.problem.t)):
            if max(sizes) > 1:
                words.append(name + "x".join(map(str, sizes if len(set(sizes)) > 1 else sizes[:1])))
        return "_".join(["wincraft_plan", *words, *(["transposed"] if self.problem.transposed else []), self.type])

    def kernel_files(self) -> dict[str, str]:
        """Those of the kernels."""
        found = dict[str, str]()
        for kernel in self.kernels:
            found |= conv2d_files(kernel, self.type, self.lanes, self.circuit)
        return found

    def files(self) -> dict[str, str]:
        """Those of the plan itself."""
        words, family = self._words(), self.make.family
        opening = comment(*self._opening())
        declarations = filled(f"plan_declarations_{family}.h", **words)
        body = filled(
            "plan.c",
            definitions=filled(f"plan_{family}.c", **words) + "\n\n" + self._sizes(),
            tables="\n\n".join(self._tables()),
            kernels=",\n".join(self._rows()),
            per_piece=filled(f"plan_run_{family}.c"),
            sizes=filled("sizes.c"),
            gaps=filled("plan_gaps.c") + "\n" if self._has_gaps else "",
            run_gaps="    if (l.pieces == pieces) run_gaps(layer, size, f, thread, threads);\n" * self._has_gaps,
            **words,
        )
        main = main_program("plan_main.c", filled(f"plan_test_{family}.c", **words), words)
        source = [opening, body, filled(f"plan_api_{family}.c", **words), main]
        return named_files(words, [opening, filled("plan.h", declarations=declarations, **words)], source)

    def _words(self) -> dict[str, object]:
        """What fills in the templates."""
        digest = sha256(f"{self._digest} {self.type} {self.lanes} {self.circuit}".encode()).hexdigest()
        places = "[k][c]" if not self.problem.transposed else "[c][k]"
        places += "".join(f"[{letter}]" for letter in "opq"[-len(self.problem.r) :])
        within = ", c within a group" if not self.problem.transposed else ", k within a group"
        return {
            "prefix": self.prefix,
            "PREFIX": self.prefix.upper(),
            "guard": f"{self.prefix.upper()}_H",
            "content": f"0x{digest[:8]}u",
            "includes": "\n".join(_included(words) for words in self._kernel_words),
            "data_type": "float" if self.floating else f"{self.type}_t",
            "reference_type": "double" if self.floating else "int64_t",
            "most_channels": MOST_CHANNELS,
            "error": self._error() if self.floating else "",
            "filter_places": places + within,
        }

    @property
    def floating(self) -> bool:
        """Whether sums are rounded."""
        return issubclass(self.make, FloatElements)

    @cached_property
    def _digest(self) -> str:
        return sha256(json.dumps(plan_document(self.plan)).encode()).hexdigest()

    @cached_property
    def _kernel_words(self) -> list[dict[str, object]]:
        """What fills in the templates of the kernels."""
        return [template_words("conv2d", element, self.lanes) for element in self.elements]

    def _error(self) -> str:
        """The bound of an output's error for c channels, the largest of the classes, term by term."""
        kernels = {item.given: item.bound for item in self.elements if isinstance(item, FloatElements)}
        of_channel, of_sum = list[float](), list[float]()
        for outputs in self.classes:
            runs = [run for run in self.runs if run.outputs == outputs]
            bounds = [(0.0, _ROUNDING) if run.algorithm is None else kernels[run.algorithm] for run in runs]
            rounded = _ROUNDING * len(runs) * sum(run.taps for run in runs)
            of_channel.append(sum(bound[0] for bound in bounds) + rounded)
            of_sum.append(sum(bound[1] for bound in bounds))
        a, b = round_up_text(max(of_channel)), round_up_text(max(of_sum))
        return f"(double)(c) * ({a} + (double)(c) * {b})"

    def _opening(self) -> list[str]:
        """The command, the proof and the pieces."""
        options = (
            f" --type {self.type}" + (f" --lanes {self.lanes}" if self.lanes else "") + circuit_words(self.circuit)
        )
        lines = [
            f"wincraft {__version__}: wincraft generate PLAN.json --format c{options}, of the plan with",
            f"sha256 {self._digest}",
            "",
            f"{self.plan.prove()}.",
            "y[i] = sum over j of x[s i + t j] w[j]"
            + "; transposed: y[s i + t j] += x[i] w[j]." * self.problem.transposed,
            "",
        ]
        for piece in self.plan.pieces:
            along = [
                f"y[{_place(strand.outputs)}] from x[{_place(strand.data)}] by w[{_place(strand.filter)}]"
                for strand in piece.strands
            ]
            lines += fill(f"{piece.algorithm.size}: ", [*(f"{text};" for text in along[:-1]), along[-1]]).splitlines()
        return lines

    def _sizes(self) -> str:
        """The constants of the file."""
        problem, missing = self.problem, 3 - len(self.problem.r)
        depth, element = max(kernel.rank for kernel in self.kernels), 4 if self.floating else 2
        sizes = {"AXES": len(problem.r), "TRANSPOSED": int(problem.transposed)}
        sizes |= {"CLASSES": len(self.classes), "WHOLE": int(self._is_whole), "FEWEST": FEWEST}
        sizes |= {"PART_TILES": U_BYTES // element // depth}
        ends = self.elements[0].sizes()
        sizes |= {name: ends[name] for name in ("DATA_LOW", "DATA_HIGH") if name in ends}
        lines = [f"#define CONTENT {self._words()['content']}"]
        lines.append(fill("enum { ", [f"{name} = {value}," for name, value in sizes.items()])[:-1] + " };")
        for name, values in (("KERNEL", problem.r), ("STRIDE", problem.s), ("DILATION", problem.t)):
            lines.append(f"static const int32_t {name}[3] = {{{', '.join(map(str, (1,) * missing + values))}}};")
        return "\n".join(lines)

    @property
    def _is_whole(self) -> bool:
        """Whether the kernels' direct convolution has the problem, but for the depth."""
        return not self.problem.transposed and max(self.problem.t[-2:]) == 1

    @property
    def _has_gaps(self) -> bool:
        """Whether there may be outputs that no piece reaches: the classes do not have one in all, or not from 0 on."""
        reached = sum(1 / prod(step for _, step in outputs) for outputs in self.classes)
        return reached < 0.999 or any(offset >= step for outputs in self.classes for offset, step in outputs)

    def _tables(self) -> Iterator[str]:
        """The pieces, class by class, and those of the direct convolution."""
        firsts = [sum(run.outputs in self.classes[:k] for run in self.runs) for k in range(len(self.classes) + 1)]
        yield _table("pieces", [self._row(run) for run in self.runs], firsts)
        if not self._is_whole:
            yield "#define whole pieces /* the kernels do not have it */\n#define whole_first pieces_first"
            return
        problem = self.problem
        r, s, t = ((1,) * (3 - len(problem.r)) + sizes for sizes in (problem.r, problem.s, problem.t))
        rows = []
        height, width = (AxisSteps(stride=s[k], taps=r[k], tile=4) for k in (1, 2))
        for j in range(r[0]):
            rows.append(self._row(KernelRun(None, AxisSteps(x=t[0] * j, x_step=s[0], w=j), height, width)))
        yield _table("whole", rows, [0, len(rows)])

    def _row(self, run: KernelRun) -> str:
        number, flags = (0, "WINCRAFT_DIRECT") if run.algorithm is None else (self.kernels.index(run.algorithm), "0")
        return f"    {{{number}, {flags}, {{{', '.join(map(str, run.axes))}}}}},"

    def _rows(self) -> Iterator[str]:
        """The functions of the kernels."""
        for words in self._kernel_words:
            functions = (f"{words['prefix']}_{what}" for what in ("filter_size", "work_size", "prepare", "run"))
            yield f"    {{{', '.join(functions)}}}"


def _included(words: Mapping[str, object]) -> str:
    """A kernel's header, refused where a file of that name with another algorithm has taken its place."""
    reason = f"{words['prefix']}.h is of another algorithm than the plan was written with; write each to its own folder"
    include = f'#include "{words["prefix"]}.h"'
    return f'{include}\n#if {words["guard"]} != {words["content"]}\n#error "{reason}"\n#endif'


def _place(steps: Steps) -> str:
    """Text of offset + step i.

    >>> from wincraft.plan.reductions import Steps
    >>> _place(Steps(1, 2)), _place(Steps(0, 1)), _place(Steps(2, -1))
    ('1 + 2 i', 'i', '2 - i')
    """
    times = "i" if abs(steps.step) == 1 else f"{abs(steps.step)} i"
    sign = ("-", " - ") if steps.step < 0 else ("", " + ")
    return f"{steps.offset}{sign[1]}{times}" if steps.offset else sign[0] + times


def _table(name: str, rows: Sequence[str], firsts: Sequence[int]) -> str:
    lines = "\n".join(rows)
    first = f"static const int {name}_first[] = {{{', '.join(map(str, firsts))}}};"
    return f"static const piece {name}[] = {{\n{lines}\n}};\n{first}"
