# SPDX-License-Identifier: Apache-2.0
"""The report of a network: a record of every convolution, and their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from math import inf, isnan, nan

from wincraft.quantise.prediction import SLACK
from wincraft.quantise.simulation import FEW_CHANNELS, SATURATED
from wincraft.show.numbers import number

_COLUMNS = (
    "layer",
    "algorithm",
    "channels",
    "products",
    "measured",
    "predicted",
    "noise gain",
    "on its data",
    "clipped",
    "most noise from",
)
_SHOWN = 2
"""So many stages that clip have room in the table."""


@dataclass(frozen=True)
class LayerReport:
    """One convolution: SQNR in dB against the exact one of what it was given, and what it should be.

    `algorithm` is a size (of a plan that of its largest piece, and how many more there are), ``direct`` or ``float``;
    `products` are those of a pair of channels for an output, `direct` the multiply-adds of the definition, both nan of
    layers that are direct; what is not quantised is not measured (nan). `noise_gain` is that of
    the algorithm for white data, `own_noise_gain` that for the second moments of this layer's tiles and filters; both
    nan for direct layers. `shares` are the predicted noise by stage, as parts of the whole; `predicted` is nan and
    `shares` empty where there is no prediction, and `note` says why. `clipped` is the part of each stage's values that
    was clipped, `clipping` the part of the measured noise that this adds. `summed` channels add up to an output;
    `multiplications` are those of direct convolution in all passes. `bits` are those of a direct layer's operands.
    `stale` layers have got other weights since they were calibrated.
    """

    name: str
    algorithm: str
    channels: int
    outputs: int
    summed: int
    multiplications: int = 0
    ran: bool = True
    products: float = nan
    direct: float = nan
    measured: float = nan
    predicted: float = nan
    noise_gain: float = nan
    own_noise_gain: float = nan
    shares: dict[str, float] = field(default_factory=dict)
    clipped: dict[str, float] = field(default_factory=dict)
    clipping: dict[str, float] = field(default_factory=dict)
    bits: str = ""
    stale: bool = False
    note: str = ""

    @property
    def parted(self) -> bool:
        """Whether measurement and prediction are more than `SLACK` dB apart."""
        return abs(self.measured - self.predicted) > SLACK

    @property
    def few_channels(self) -> bool:
        """Whether fewer channels add up than a prediction assumes."""
        return not isnan(self.predicted) and self.summed < FEW_CHANNELS

    @property
    def cause(self) -> str:
        """Through which stage most of the noise comes, by clipping or by rounding; or why that is not known."""
        if not self.ran:
            return "did not run"
        rounding = max(0.0, 1 - sum(self.clipping.values()))
        stage = max(self.shares, key=lambda label: self.shares[label], default="")
        clips = max(self.clipping, key=lambda label: self.clipping[label], default="")
        if not self.clipping:  # of schemes that are simulated the noise by clipping is not measured
            worst = max(self.clipped, key=lambda label: self.clipped[label], default="")
            below = self.parted and self.measured < self.predicted
            clips = worst if below else stage if self.clipped.get(stage, 0) >= SATURATED else ""
        elif self.clipping[clips] <= rounding * self.shares.get(stage, 1.0):
            clips = ""
        if clips and self.clipped[clips]:
            found = f"{clips} clips {percent(self.clipped[clips])}"
            return f"{self.note}; {found}" if self.note.startswith("direct") else found
        return f"{stage} {percent(self.shares[stage])}" if stage else self.note

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        marks = "!" * self.parted + "~" * self.few_channels
        clipped = {label: share for label, share in self.clipped.items() if share >= SATURATED}
        worst = sorted(clipped, key=lambda label: -clipped[label])[:_SHOWN]
        return (
            self.name,
            self.algorithm,
            f"{self.channels}->{self.outputs}",
            "-" if isnan(self.products) else f"{number(self.products)} of {number(self.direct)}",
            _number(self.measured, ".2f"),
            f"{_number(self.predicted, '.2f')} {marks}".rstrip(),
            _number(self.noise_gain, ".3g"),
            _number(self.own_noise_gain, ".3g"),
            ", ".join(f"{label} {percent(clipped[label])}" for label in worst) or "-",
            self.cause,
        )


@dataclass(frozen=True, repr=False)
class NetworkReport:
    """The convolutions in the order they ran; the repr is a table, worst layer marked, and what they sum up to."""

    scheme: str
    images: int
    layers: tuple[LayerReport, ...]

    @property
    def worst(self) -> LayerReport:
        """The layer of the lowest measured SQNR."""
        return min(self.layers, key=lambda layer: inf if isnan(layer.measured) else layer.measured)

    @property
    def head(self) -> str:
        """What the table is of."""
        return f"{self.scheme}, {self.images} images; SQNR in dB of each layer on what it was given"

    @property
    def notes(self) -> tuple[str, ...]:
        """What the marks mean, which layers are stale, and how many convolutions run what."""
        found = []
        if any(layer.parted for layer in self.layers):
            found.append(f"! measured and predicted differ by more than {SLACK:g} dB: trust the measurement")
        if any(layer.few_channels for layer in self.layers):
            found.append(f"~ fewer than {FEW_CHANNELS} channels add up: predictions assume {FEW_CHANNELS} or more")
        if stale := [layer.name for layer in self.layers if layer.stale]:
            found.append(f"{', '.join(stale)}: the weights changed since calibration; calibrate again")
        return (*found, _total(self.layers))

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The cells of the table, its head first."""
        ends = [layer.cause + "  <- worst" * (layer is self.worst) for layer in self.layers]
        return [_COLUMNS, *((*layer.cells()[:-1], end) for layer, end in zip(self.layers, ends, strict=True))]

    def __repr__(self) -> str:
        widths = [max(map(len, column)) for column in zip(*self.rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in self.rows]
        return "\n".join([self.head, *lines, *self.notes])

    def _repr_html_(self) -> str:
        head, *rows = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in self.rows]
        table = "".join(f"<tr>{row}</tr>" for row in (head.replace("td>", "th>"), *rows))
        return f"<p>{escape(self.head)}</p><table>{table}</table><p>{'<br>'.join(map(escape, self.notes))}</p>"


def percent(share: float) -> str:
    """A share in percent, with one decimal below ten.

    >>> percent(0.1234), percent(0.0042), percent(1.0)
    ('12 %', '0.4 %', '100 %')
    """
    return f"{100 * share:.{int(share < 0.095)}f} %"


def _number(value: float, form: str) -> str:
    return "-" if isnan(value) else format(value, form)


def _total(layers: Sequence[LayerReport]) -> str:
    """How many convolutions run what, and which part of the multiplications are in those that run Winograd's."""
    ran = [layer for layer in layers if layer.ran]
    ours = [layer for layer in ran if layer.algorithm not in ("direct", "float")]
    sizes = list(dict.fromkeys(layer.algorithm for layer in ours))
    listed = " or ".join(filter(None, [", ".join(sizes[:-1]), *sizes[-1:]])) or "Winograd's algorithm"
    parts = [f"{len(ours)} of {len(layers)} convolution{'s' * (len(layers) > 1)} run{'s' * (len(ours) == 1)} {listed}"]
    direct: dict[str, int] = {}
    for layer in ran:
        if layer.algorithm == "direct":
            how = f"in {layer.bits} bits" if layer.bits else "in float"
            direct[how] = direct.get(how, 0) + 1
    parts += [f"{count} {'is' if count == 1 else 'are'} direct {how}" for how, count in direct.items()]
    if floats := sum(layer.algorithm == "float" for layer in ran):
        parts.append(f"{floats} stay{'s' * (floats == 1)} in float")
    if idle := len(layers) - len(ran):
        parts.append(f"{idle} did not run")
    share = sum(layer.multiplications for layer in ours) / max(1, sum(layer.multiplications for layer in ran))
    where = "it" if len(ours) == 1 else f"the {len(ours)}"
    return ", ".join(parts) + (f"; {100 * share:.0f} % of the multiplications are in {where}" if ours else "")
