# SPDX-License-Identifier: Apache-2.0
"""Quantisation schemes as data: how the values of every stage of a Winograd convolution are stored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from wincraft.errors import BadDocument, NotApplicable, UnknownName, check_type, look_up, shorten
from wincraft.exact.splitting import split_list
from wincraft.measure.integers import INT8, Integers
from wincraft.numbers.box import Box
from wincraft.numbers.formats import FORMATS, FixedPoint, FloatFormat, IntegerGrid, IntegerRange, parse_format
from wincraft.numbers.quantizer import Quantizer, calibration, parse_quantizer
from wincraft.numbers.summation import CHANNEL_ORDERS, ORDERS

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
    `arithmetic`: the format to which every operation rounds, with row sums in the `order` of that name; None for exact
    arithmetic, as in integers. The sum over channels is taken in the `accumulator` format (None: the arithmetic's) in
    its own `channel_order`, sequential or pairwise. `word`: the operands U and V stay exact
    integers of so many bits, and products and outputs are sums of 32 bits. `calibration`: see `Quantizer.calibrate`.

    Raises:
        NotApplicable: where a stage cannot have the granularity.
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
        look_up("summation order", self.order, ORDERS)
        look_up("order of a channel sum", self.channel_order, CHANNEL_ORDERS)
        if self.accumulator is not None and self.arithmetic is None:
            raise NotApplicable("accumulator", "the arithmetic is exact", "leave it out or give an arithmetic")
        calibration(self.calibration)
        if self.word is not None and not 2 <= self.word <= 53:
            raise NotApplicable("operands", f"a word of {self.word} bits", "give 2 to 53")
        if isinstance(self.matrices, IntegerGrid) and not self.matrices.signed:
            raise NotApplicable(f"matrices in {self.matrices.name}", "they have negative entries", "use an intN")
        for stage, quantizer in self.stages.items():
            check_type(f"the format of {stage}", quantizer, Quantizer, f'parse_scheme("fp32,{stage}=int8") reads texts')
            per = quantizer.per or ""
            if stage in _OF_IMAGES and "tap" in per:
                raise NotApplicable(f"{stage} per {per}", "images and filters have no taps", "use tensor or channel")
            if stage in ("input", "U") and "channel" in per:
                reason = "a scale of an input channel cannot leave the sum over channels"
                raise NotApplicable(f"{stage} per {per}", reason, "use tensor or tap")
            if quantizer.unsigned and stage not in ("input", "output"):
                raise NotApplicable(f"{stage} as {quantizer.format.name}", "it is signed", "use an intN")

    @property
    def stages(self) -> dict[str, Quantizer]:
        """The quantisers by stage, those that are None left out."""
        return {stage: quantizer for stage in STAGES if (quantizer := getattr(self, stage)) is not None}

    @property
    def names_preset(self) -> bool:
        """Whether the name begins with the preset that the scheme is made from; else `describe` alone says it."""
        return re.split("[,+]", self.name)[0] in SCHEMES

    def with_options(
        self, *, weights_per_channel: bool = False, unsigned_activations: bool = False, calibration: str | None = None
    ) -> Scheme:
        """The scheme with options: scales per output channel for the weights and V, unsigned input and output.

        Raises:
            NotApplicable: where the scheme has no integers that the option could act on.
            UnknownName, BadNumber: for an unknown calibration.

        >>> SCHEMES["tapwise-8"].with_options(weights_per_channel=True, calibration="mse").name
        'tapwise-8+weights-per-channel+mse'
        """
        changes: dict[str, Any] = {}
        name = self.name
        if weights_per_channel:
            per = {"tensor": "channel", "tap": "channel-tap"}
            for stage in ("weights", "V"):
                quantizer = getattr(self, stage)
                if quantizer and quantizer.per in per:
                    changes[stage] = replace(quantizer, per=per[quantizer.per])
            if not changes and not any("channel" in (q.per or "") for q in (self.weights, self.V) if q):
                raise NotApplicable(f"weights per channel in {name}", "its weights have no scale", "leave it out")
            name += "+weights-per-channel"
        if unsigned_activations:
            found = False
            for stage in ("input", "output"):
                quantizer = getattr(self, stage)
                if quantizer and isinstance(quantizer.format, IntegerGrid):
                    grid, found = IntegerGrid(quantizer.format.bits, IntegerRange.UNSIGNED), True
                    changes[stage] = replace(quantizer, format=grid)
            if not found:
                raise NotApplicable(
                    f"unsigned activations in {name}", "its activations are no integers", "leave it out"
                )
            name += "+unsigned"
        if calibration is not None and calibration != self.calibration:
            changes["calibration"] = calibration
            name += f"+{calibration}"
        return replace(self, **changes, name=name)

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
        UnknownName, NotApplicable, BadNumber: where a value is none.
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
            raise NotApplicable(f"{key} in {document[key]}", "it is no floating point", "leave it out")
    if not isinstance(given.get("matrices"), IntegerGrid | FloatFormat | None):
        raise NotApplicable(f"matrices in {document['matrices']}", "fixed point is no scheme's", "use intN or a float")
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


def parse_scheme(text: str) -> Scheme:
    """A preset by name, or with fields changed: ``barabasz-2020-8,M=int10,output=none``, ``fp32,U=fixed<16,6>``.

    A name of one's own may stand before a colon, ``mine:tapwise-8,M=int10/tap``: tables and limits then use it.

    Raises:
        UnknownName: for another preset, the nearest is offered; and for unknown fields and formats.
        NotApplicable: for a combination that there is not, and a name that cannot be one.

    >>> parse_scheme("tapwise-pow2,M=int8/tap/pow2").M.name
    'int8/tap/pow2'
    >>> parse_scheme("mine:fp32,U=ap_fixed<16,6>").describe()  # doctest: +ELLIPSIS
    'mine: input fp32, weights fp32, pre-step fp32, U fixed<16,6,TRN,WRAP>, V fp32, ...
    """
    own, colon, definition = text.partition(":") if _OWN_NAME.match(text) else ("", "", text)
    preset, *changes = (part.strip() for part in split_list(definition, brackets="<>"))
    document = look_up("scheme", preset, SCHEMES).to_document()
    known = {field.name.replace("_", "-"): field.name for field in fields(Scheme) if field.name != "name"}
    for change in changes:
        key, equals, value = (part.strip() for part in change.partition("="))
        if not equals:
            raise UnknownName("change of a scheme", change, ("FIELD=FORMAT", "FIELD=FORMAT/GRANULARITY", "FIELD=none"))
        document[look_up("field of a scheme", key, known)] = value
    kept = {key: value for key, value in document.items() if value != "none"}
    name = _checked_name(own.strip()) if colon else ",".join([preset, *changes])
    return scheme_from_document(kept | {"name": name})


_OWN_NAME = re.compile(r"[^,=<>]*:")
"""What begins with a name: a colon before any field."""
_NAME = re.compile(r"[A-Za-z][\w .-]{0,39}")


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        repair = "write a letter, then up to 39 letters, digits, blanks, and . _ -"
        raise NotApplicable(f"the name {shorten(name)!r} of a scheme", "it cannot stand in tables and limits", repair)
    if name in SCHEMES:
        raise NotApplicable(f"the name {name!r} of a scheme", "a preset has it", "choose another")
    return name


def integers_of(schemes: Sequence[Scheme]) -> Integers:
    """What exact integer arithmetic meets under any of the schemes: all codes of their integer data and weights.

    int8 where no scheme stores the data, or the weights, in integers; an accumulator of 32 bits.

    >>> integers_of([SCHEMES["tapwise-8"].with_options(unsigned_activations=True)]).describe()
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


def _integers(name: str, everywhere: str, M: str, **others: Any) -> Scheme:
    stages = dict.fromkeys(("input", "weights", "U", "V", "output"), everywhere) | {"M": M} | others
    fields_of: dict[str, Any] = {
        stage: parse_quantizer(text) if isinstance(text, str) else text for stage, text in stages.items()
    }
    return Scheme(name, **fields_of)


def _floats(name: str, stored: str, arithmetic: str, **others: Any) -> Scheme:
    quantizers: dict[str, Any] = {
        stage: parse_quantizer(text) for stage in STAGES if (text := others.pop(stage, stored))
    }
    computed = FORMATS[arithmetic]
    assert isinstance(computed, FloatFormat)
    return Scheme(name, **quantizers, arithmetic=computed, matrices=computed)


_TAPWISE = {"U": "int8/tap", "V": "int8/tap"}
_TAPWISE_POW2 = {"U": "int8/tap/pow2", "V": "int8/tap/pow2"}
_OPERANDS = ("input", "weights", "U", "V")
_FULL = "int8-full/tensor"

SCHEMES: dict[str, Scheme] = {
    scheme.name: scheme
    for scheme in (
        _integers("barabasz-2020-8", "int8", "int8", pre_step="int8", post_step="int8"),
        _integers("barabasz-2020-8-9", "int8", "int9", pre_step="int8", post_step="int8"),
        _integers("winograd-aware-nets", _FULL, _FULL, matrices=IntegerGrid(8, IntegerRange.FULL)),
        _integers("tapwise-8", "int8", "int8/tap", **_TAPWISE),
        _integers("tapwise-pow2", "int8/tensor/pow2", "int10/tap/pow2", **_TAPWISE_POW2),
        Scheme(
            "ncnn-int8",
            input=parse_quantizer("int8"),
            weights=parse_quantizer("int6/channel"),
            output=parse_quantizer("int8"),
            word=16,
        ),
        _floats("fp32", "fp32", "fp32"),
        _floats("fp16-fp32acc", "", "fp32", U="fp16", V="fp16", M="fp16", output="fp16"),
        _floats("fp16", "fp16", "fp16"),
        _floats("bf16", "bf16", "bf16"),
        *(
            _floats(name, "", "fp32", output="fp16", **dict.fromkeys(_OPERANDS, f"{name}/tensor/pow2"))
            for name in ("fp8-e4m3", "fp8-e5m2")
        ),
    )
}
"""The presets by name.

Sources: barabasz-2020: arXiv 2004.11077. winograd-aware-nets: Fernandez-Marques et al., arXiv 2002.10711. tapwise:
Andri et al., arXiv 2209.12982. ncnn-int8: the 6-bit weights and 16-bit operands of ncnn's F(4,3).
"""
