# SPDX-License-Identifier: Apache-2.0
"""Quantisation schemes as data: how the values of every stage of a Winograd convolution are stored."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

from wincraft.errors import (
    BadDocument,
    BadValue,
    NotApplicable,
    UnknownName,
    WincraftError,
    check_type,
    look_up,
    shorten,
)
from wincraft.exact.splitting import split_list
from wincraft.measure.integers import INT8, Integers
from wincraft.numbers.box import Box
from wincraft.numbers.fixed_point import FixedPoint
from wincraft.numbers.float_format import FloatFormat
from wincraft.numbers.formats import parse_format
from wincraft.numbers.integer_grid import IntegerGrid, IntegerRange
from wincraft.numbers.quantizer import Quantizer, calibration, parse_quantizer
from wincraft.numbers.summation import ALL_ORDERS, CHANNEL_ORDERS, CIRCUIT_ORDERS, ORDERS
from wincraft.quantise.presets import OPTIONS, PRESETS

STAGES = ("input", "weights", "pre_step", "U", "V", "M", "post_step", "output")
"""The stages in the order of the computation: the fields of a `Scheme` that are quantisers or None.

U = B^T d, V = G g, M = their products summed over the channels. A pre-step is what enters the next stage of a chain of
B^T or G, a post-step what enters the next stage of a chain of A^T.
"""


_OF_IMAGES = ("input", "weights", "output")


@dataclass(frozen=True)
class Scheme:
    """What is rounded where; a stage that is None is not rounded.

    `matrices`: the format of A^T, G and B^T, entry by entry; an integer has one scale per matrix, of max|entry|.
    `arithmetic`: the format to which every operation rounds, with row sums in the `order` of that name, ``circuit`` for
    that of the programs which C headers print; None for exact
    arithmetic, as in integers. The sum over channels is taken in the `accumulator` format (None: the arithmetic's) in
    its own `channel_order`, sequential or pairwise. `word`: the operands U and V stay exact
    integers of so many bits, and products and outputs are sums of 32 bits. `calibration`: see `Quantizer.calibrate`.

    Raises:
        BadValue: where a stage cannot have the granularity.
        UnknownName, BadNumber: for an unknown order or calibration.

    >>> print(SCHEMES["tapwise-8"].describe())
    tapwise-8: input int8/tensor, weights int8/tensor, U int8/tap, V int8/tap, M int8/tap, output int8/tensor
    """

    name: str
    input: Quantizer | None = None
    weights: Quantizer | None = None
    pre_step: Quantizer | None = None
    U: Quantizer | None = None
    V: Quantizer | None = None
    M: Quantizer | None = None
    post_step: Quantizer | None = None
    output: Quantizer | None = None
    matrices: IntegerGrid | FloatFormat | None = None
    arithmetic: FloatFormat | None = None
    order: str = "sequential"
    accumulator: FloatFormat | None = None
    channel_order: str = "sequential"
    word: int | None = None
    calibration: str = "max-abs"

    def __post_init__(self) -> None:
        look_up("summation order", self.order, ALL_ORDERS)
        if self.order in CIRCUIT_ORDERS and (self.arithmetic is None or self.matrices not in (None, self.arithmetic)):
            reason = "the arithmetic is exact" if self.arithmetic is None else "the matrices have a format of their own"
            raise BadValue("the order of the sums", f"{self.order}, and {reason}", f"use one of {', '.join(ORDERS)}")
        look_up("order of a channel sum", self.channel_order, CHANNEL_ORDERS)
        if self.accumulator is not None and self.arithmetic is None:
            raise BadValue(
                "the accumulator", "of no use where the arithmetic is exact", "leave it out or give an arithmetic"
            )
        calibration(self.calibration)
        if self.word is not None and not 2 <= self.word <= 53:
            raise BadValue("the word of the operands", f"{self.word} bits", "give 2 to 53")
        if isinstance(self.matrices, IntegerGrid) and not self.matrices.signed:
            raise BadValue(
                "the format of the matrices", f"{self.matrices.name}, and they have negative entries", "use an intN"
            )
        for stage, quantizer in self.stages.items():
            check_type(f"the format of {stage}", quantizer, Quantizer, f'parse_scheme("fp32,{stage}=int8") reads texts')
            per = quantizer.per or ""
            if stage in _OF_IMAGES and "tap" in per:
                raise BadValue(
                    f"the granularity of {stage}",
                    f"{per}, and images and filters have no taps",
                    "use tensor or channel",
                )
            if stage in ("input", "U") and "channel" in per:
                reason = "a scale of an input channel cannot leave the sum over channels"
                raise BadValue(f"the granularity of {stage}", f"{per}, and {reason}", "use tensor or tap")
            if quantizer.unsigned and stage not in ("input", "output"):
                raise BadValue(f"the format of {stage}", f"{quantizer.format.name}, and it is signed", "use an intN")

    @property
    def stages(self) -> dict[str, Quantizer]:
        """The quantisers by stage, those that are None left out."""
        return {stage: quantizer for stage in STAGES if (quantizer := getattr(self, stage)) is not None}

    @property
    def named_by_text(self) -> bool:
        """Whether the name is a text that makes the scheme; else `describe` alone says what it is."""
        try:
            return parse_scheme(self.name) == self
        except WincraftError:
            return False

    def describe(self) -> str:
        """One line."""
        parts = [f"{stage.replace('_', '-')} {quantizer.name}" for stage, quantizer in self.stages.items()]
        if self.matrices is not None:
            parts.append(f"matrices {self.matrices.name}")
        if self.arithmetic is not None:
            parts.append(f"every operation {self.arithmetic.name}, {self.order} sums")
            if self.accumulator is not None:
                parts.append(f"{self.accumulator.name} accumulator")
            if self.channel_order != "sequential":
                parts.append(f"{self.channel_order} channels")
        if self.word is not None:
            parts.append(f"operands exact in int{self.word}, 32-bit sums")
        if self.calibration != "max-abs":
            parts.append(f"calibration {self.calibration}")
        return f"{self.name}: {', '.join(parts) or 'nothing is rounded'}"

    def to_document(self) -> dict[str, Any]:
        """The scheme as JSON values; `scheme_from_document` reads it back.

        >>> scheme_from_document(SCHEMES["fp16"].to_document()) == SCHEMES["fp16"]
        True
        """
        document: dict[str, Any] = {"kind": "wincraft.scheme", "version": 1}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                document[field.name] = value.name if hasattr(value, "name") else value
        return document


def scheme_from_document(document: Any) -> Scheme:
    """A scheme from JSON values: `name`, and any other field of `Scheme`; quantisers and formats by their names.

    Raises:
        BadDocument: where it is no such document.
        UnknownName, BadValue, BadNumber: where a value is none.

    >>> scheme_from_document({"name": "mine", "U": "int8/tap"}).U.per
    'tap'
    """
    if not isinstance(document, dict) or not isinstance(document.get("name"), str):
        raise BadDocument("scheme", "it is no object with a name", 'give {"name": ..., "U": "int8/tap", ...}')
    given = dict(document)
    if given.pop("kind", "wincraft.scheme") != "wincraft.scheme" or given.pop("version", 1) != 1:
        raise BadDocument("scheme", "it is of another kind or version", "give kind wincraft.scheme, version 1")
    names = {field.name: None for field in fields(Scheme)}
    for key, value in given.items():
        look_up("field of a scheme", key, names)
        if not (re.fullmatch("[0-9]{1,18}", str(value)) if key == "word" else isinstance(value, str)):
            raise BadDocument(
                "scheme", f"{key} is {shorten(repr(value))}", "give names of formats as texts, word as a number"
            )
        if key == "word":
            given[key] = int(value)
        elif key in STAGES:
            given[key] = parse_quantizer(str(value))
        elif key in ("matrices", "arithmetic", "accumulator"):
            given[key] = parse_format(str(value))
    for key in ("arithmetic", "accumulator"):
        if not isinstance(given.get(key), FloatFormat | None):
            raise BadValue(key, f"{document[key]}, which is no floating point", "leave it out")
    if not isinstance(given.get("matrices"), IntegerGrid | FloatFormat | None):
        raise BadValue(
            "the format of the matrices",
            f"{document['matrices']}, and fixed point is no scheme's",
            "use intN or a float",
        )
    return Scheme(**given)


def as_scheme(scheme: Scheme | str) -> Scheme:
    """A scheme, or the one that a text names.

    Raises:
        UnknownName: as `parse_scheme`.
        NotApplicable: so too, and for what is neither.

    >>> as_scheme("fp16").name
    'fp16'
    """
    check_type("a scheme", scheme, Scheme | str, 'give a name such as "fp16", or a Scheme')
    return parse_scheme(scheme) if isinstance(scheme, str) else scheme


class SchemeText(NamedTuple):
    """What a text says of a scheme: a name of one's own, the preset, the fields changed, and the options."""

    own: str | None
    preset: str
    changes: list[str]
    options: list[str]

    @classmethod
    def of(cls, text: str) -> SchemeText:
        """The parts of a text, none of them checked.

        >>> SchemeText.of("mine:tapwise-8+unsigned+mse,M=int10/tap")
        SchemeText(own='mine', preset='tapwise-8', changes=['M=int10/tap'], options=['unsigned', 'mse'])
        """
        own, colon, definition = text.partition(":") if _OWN_NAME.match(text) else ("", "", text)
        parts = [[item.strip() for item in part.split("+")] for part in split_list(definition, brackets="<>")]
        (preset, *changes), options = [part[0] for part in parts], [item for part in parts for item in part[1:]]
        return cls(own.strip() if colon else None, preset, changes, options)

    @property
    def definition(self) -> str:
        """The text without the own name, options behind the preset.

        >>> SchemeText.of("mine:tapwise-8,M=int10/tap + mse").definition
        'tapwise-8+mse,M=int10/tap'
        """
        return ",".join(["+".join([self.preset, *self.options]), *self.changes])


def parse_scheme(text: str) -> Scheme:
    """A preset by name, with options and with fields changed: ``tapwise-8+unsigned+mse,M=int10/tap,output=none``.

    The options are those of `wincraft.quantise.presets.OPTIONS`; they act when all fields are changed.
    A name of one's own may stand before a colon, ``mine:tapwise-8,M=int10/tap``: tables and limits then use it.

    Raises:
        UnknownName: for another preset or option, the nearest is offered; and for unknown fields and formats.
        BadValue: for a combination that there is not, and a name that cannot be one.
        NotApplicable: for an option that has nothing to act on.

    >>> parse_scheme("tapwise-pow2,M=int8/tap/pow2").M.name
    'int8/tap/pow2'
    >>> parse_scheme("mine:tapwise-8+weights-per-channel+mse").describe()  # doctest: +ELLIPSIS
    'mine: input int8/tensor, weights int8/channel, U int8/tap, V int8/channel-tap, ..., calibration mse'
    """
    own, preset, changes, options = said = SchemeText.of(text)
    document = look_up("scheme", preset, SCHEMES).to_document() | {"name": said.definition}
    for change in changes:
        key, equals, value = (part.strip() for part in change.partition("="))
        if not equals:
            ways = ("FIELD=FORMAT", "FIELD=FORMAT/GRANULARITY", "FIELD=none", *(f"PRESET+{name}" for name in OPTIONS))
            raise UnknownName("change of a scheme", change, ways)
        document[look_up("field of a scheme", key, _FIELDS)] = value
    scheme = scheme_from_document({key: value for key, value in document.items() if value != "none"})
    for option in options:
        scheme = _with_option(scheme, option)
    return scheme if own is None else replace(scheme, name=_checked_name(own))


def _with_option(scheme: Scheme, option: str) -> Scheme:
    """The scheme with an option of `OPTIONS`."""
    name = option.partition(":")[0]
    look_up("option of a scheme", name if name == "percentile" else option, OPTIONS)
    if name in _CHANGES:
        changes, reason = _CHANGES[name](scheme)
    else:
        changes = {"calibration": option} if any(quantizer.per for quantizer in scheme.stages.values()) else {}
        reason = "it has no scales"
    if not changes:
        raise NotApplicable(f"{option} in {scheme.name}", reason, "leave it out, or choose an integer scheme")
    return replace(scheme, **changes)


def _weights_per_channel(scheme: Scheme) -> tuple[dict[str, Any], str]:
    per = {"tensor": "channel", "tap": "channel-tap", "channel": "channel", "channel-tap": "channel-tap"}
    found = {stage: getattr(scheme, stage) for stage in ("weights", "V")}
    changes = {stage: replace(item, per=per[item.per]) for stage, item in found.items() if item and item.per}
    return changes, "its weights have no scale"


def _unsigned(scheme: Scheme) -> tuple[dict[str, Any], str]:
    found = {stage: item for stage, item in scheme.stages.items() if stage in ("input", "output")}
    changes = {
        stage: replace(item, format=IntegerGrid(item.format.bits, IntegerRange.UNSIGNED))
        for stage, item in found.items()
        if isinstance(item.format, IntegerGrid)
    }
    return changes, "its activations are no integers"


_CHANGES: dict[str, Callable[[Scheme], tuple[dict[str, Any], str]]] = {
    "weights-per-channel": _weights_per_channel,
    "unsigned": _unsigned,
}
"""The fields that an option changes, and why where there are none; the options that are left are calibrations."""
_FIELDS = {field.name.replace("_", "-"): field.name for field in fields(Scheme) if field.name != "name"}
_OWN_NAME = re.compile(r"[^,=<>+]*:")
"""What begins with a name: a colon before any option and field."""
_NAME = re.compile(r"[A-Za-z][\w .-]{0,39}")


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        repair = "write a letter, then up to 39 letters, digits, blanks, and . _ -"
        raise BadValue(f"the name {shorten(name)!r} of a scheme", "none that can stand in tables and limits", repair)
    if name in SCHEMES:
        raise BadValue(f"the name {name!r} of a scheme", "that of a preset", "choose another")
    return name


def integers_of(schemes: Sequence[Scheme]) -> Integers:
    """What exact integer arithmetic meets under any of the schemes: all codes of their integer data and weights.

    int8 where no scheme stores the data, or the weights, in integers; an accumulator of 32 bits.

    >>> integers_of([parse_scheme("tapwise-8+unsigned")]).describe()
    'uint8 data and int8 filters'
    """
    data = [box for scheme in schemes if (box := _codes(scheme.input)) is not None]
    filters = [box for scheme in schemes if (box := _codes(scheme.weights)) is not None]
    return Integers(_hull(data or [INT8]), _hull(filters or [INT8]))


def _codes(quantizer: Quantizer | None) -> Box | None:
    """All integers of a quantizer's word, None where it stores none."""
    match quantizer and quantizer.format:
        case IntegerGrid(bits=bits, signed=signed) | FixedPoint(word=bits, signed=signed):
            return Box.signed(bits) if signed else Box.unsigned(bits)
    return None


def _hull(boxes: Sequence[Box]) -> Box:
    return Box(min(box.low for box in boxes), max(box.high for box in boxes))


def _preset(name: str, text: str) -> Scheme:
    values = dict(field.split("=") for field in text.split())
    return scheme_from_document({_FIELDS[key]: value for key, value in values.items()} | {"name": name})


SCHEMES: dict[str, Scheme] = {name: _preset(name, item.text) for name, item in PRESETS.items()}
"""The presets by name; their texts and sources are in `wincraft.quantise.presets.PRESETS`."""
