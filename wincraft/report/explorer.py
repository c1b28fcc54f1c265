# SPDX-License-Identifier: Apache-2.0
"""An explorer for notebooks: points, bits, basis and scaling, and the report that they make."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import Any

from wincraft.construct.chains import chained, plain_names
from wincraft.construct.conventions import CONVENTIONS
from wincraft.construct.winograd import parse
from wincraft.errors import WincraftError, check_type, import_tool
from wincraft.numbers.quantizer import parse_quantizer
from wincraft.quantise.schemes import SCHEMES, STAGES, Scheme
from wincraft.quantise.workload import Workload
from wincraft.report.build import build_report
from wincraft.report.shown import Report
from wincraft.show.html import fragment

SCALE_CHOICES = {"stage": "tensor", "tap": "tap", "tap, a power of two": "tap/pow2"}
"""What a scale of U, V and M belongs to, in words and as formats have it."""
WORKLOAD = Workload(channels=32, outputs=4, tiles=16)
"""Small, so that the report follows the hand."""


class Explorer:
    """Widgets for size, points, scaling, basis, bits and scales; `report` is that of their values.

    `output` shows it, or the message where the values make no algorithm; then `report` is None. `box` holds everything.
    Made by `explore`.

    Raises:
        MissingTool: without ipywidgets.
    """

    report: Report | None = None

    def __init__(self, size: str = "F(4x4,3x3)", points: str = "") -> None:
        check_type("a size to begin with", size, str, 'give a text such as "F(4x4,3x3)"')
        check_type("points to begin with", points, str, 'give a text such as "0,1,-1,2,-2"')
        widgets = import_tool("ipywidgets", "the explorer", "notebooks")
        style: dict[str, Any] = {"style": {"description_width": "5.5em"}, "layout": {"width": "23em"}}
        waits = {"continuous_update": False}
        hint = {"placeholder": "the catalogue's; 0,1,-1,2,-2"}
        self.size = widgets.Text(size, description="size", **waits, **style)
        self.points = widgets.Text(points, description="points", **hint, **waits, **style)
        self.scaling = widgets.Dropdown(options=list(CONVENTIONS), value="wincnn", description="scaling", **style)
        self.basis = widgets.Dropdown(options=plain_names(), description="basis", **style)
        self.bits = widgets.IntSlider(8, 4, 16, description="bits", **waits, **style)
        self.scales = widgets.Dropdown(options=list(SCALE_CHOICES.items()), description="a scale per", **style)
        self.output = widgets.HTML()
        controls = (self.size, self.points, self.scaling, self.basis, self.bits, self.scales)
        for control in controls:
            control.observe(lambda _: self.update(), names="value")
        rows = [widgets.HBox(controls[first : first + 2]) for first in range(0, len(controls), 2)]
        self.box = widgets.VBox([*rows, self.output])
        self.update()

    @property
    def scheme(self) -> Scheme:
        """Integers of so many bits at every stage; data, weights and output with one scale, U, V and M as chosen."""
        bits, per = self.bits.value, self.scales.value
        words = next(words for words, name in SCALE_CHOICES.items() if name == per)
        stages = dict.fromkeys(STAGES, parse_quantizer(f"int{bits}"))
        stages |= dict.fromkeys(("U", "V", "M"), parse_quantizer(f"int{bits}/{per}"))
        return replace(Scheme(f"{bits} bits, one scale per {words}"), **stages)  # type: ignore[arg-type]

    def update(self) -> None:
        """Make the report of the widgets' values; called where one changes."""
        try:
            algorithm = parse(self.size.value, points=self.points.value or None, convention=self.scaling.value)
            if self.basis.value != "canonical":
                algorithm = chained(algorithm, self.basis.value)
            schemes = [self.scheme, SCHEMES["fp16"]]
            self.report = build_report(algorithm, schemes, workload=WORKLOAD, sweep=())
            self.output.value = fragment(self.report.layout())
        except WincraftError as error:
            self.report = None
            self.output.value = f"<p><b>{escape(str(error))}</b></p>"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.box._repr_mimebundle_(**options) | {"text/plain": repr(self)}

    def __repr__(self) -> str:
        values = ", ".join(f"{name} {getattr(self, name).value}" for name in ("size", "scaling", "basis", "bits"))
        return f"Explorer: {values}; needs a running notebook"


def explore(size: str = "F(4x4,3x3)", points: str = "") -> Explorer:
    """An explorer that a notebook shows; it starts with the catalogue's points unless others are given.

    Raises:
        MissingTool: without ipywidgets; `pip install '.[notebooks]'` in a clone brings it.

    >>> explorer = explore("F(4x4,3x3)")  # doctest: +SKIP
    >>> explorer.bits.value = 10  # doctest: +SKIP
    >>> explorer.report.schemes[0].evaluation.measured  # doctest: +SKIP
    """
    return Explorer(size, points)
