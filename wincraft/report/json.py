# SPDX-License-Identifier: Apache-2.0
"""Reports as plain data. Exact numbers are texts beside floats; what is not finite is a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from wincraft.algorithm.bilinear import Algorithm
from wincraft.algorithm.nesting import parts
from wincraft.exact.number import number_text
from wincraft.quantise.workload import Layer, Workload
from wincraft.report.measures import OF_SCHEMES, REPORTED, value_of
from wincraft.report.model import Results, SchemeResult, Unavailable
from wincraft.report.stages import AMORTISED, amortised_document, operations_document
from wincraft.show.numbers import finite
from wincraft.version import __version__

REPORT_KIND = "wincraft.report"
REPORT_VERSION = 1


def report_document(report: Results) -> dict[str, Any]:
    """A report as plain data; the schema is ``schema/report-1.json`` beside this file."""
    return {
        "kind": REPORT_KIND,
        "version": REPORT_VERSION,
        "wincraft": __version__,
        "algorithm": algorithm_summary(report.algorithm),
        "source": report.source,
        "proof": report.proof,
        "costs": _costs(report),
        "layer": _layer(report),
        "plan": _plan(report),
        "measures": {
            item.name: {"meaning": item.meaning, "value": value_document(value_of(report, item))} for item in REPORTED
        },
        "conditioning": {name: _floats(asdict(found)) for name, found in report.conditioning.matrices.items()},
        "coefficients": {
            name: {"smallest": value_document(found.smallest), "largest": value_document(found.largest)}
            for name, found in report.magnitudes.items()
        },
        "words": {
            "tolerance": value_document(report.words.tolerance),
            "smallest": {name: value_document(word) for name, word in report.words.smallest.items()},
            "sweep": {str(word): finite(value) for word, value in report.words.sweep.items()},
        },
        "ranges": _ranges(report),
        "channels": _channels(report),
        "workload": workload_document(report.workload),
        "schemes": [scheme_document(item) for item in report.schemes],
        "floating_point": _float_errors(report),
        "verdict": [asdict(finding) for finding in report.verdict],
    }


def algorithm_summary(algorithm: Algorithm) -> dict[str, object]:
    """What an algorithm is, axis by axis, without its matrices.

    >>> from wincraft import winograd
    >>> algorithm_summary(winograd(2, 3))["rank"]
    4
    """
    axes = [
        {
            "m": axis.m[0] if len(axis.m) == 1 else list(axis.m),
            "r": axis.r[0] if len(axis.m) == 1 else list(axis.r),
            "rank": axis.rank,
            "scale": number_text(axis.scale),
            "moduli": None if axis.moduli is None else [str(modulus) for modulus in axis.moduli],
            "convention": axis.convention,
            "sha256": axis.sha256,
        }
        for axis in parts(algorithm)
    ]
    common = {"rank": algorithm.rank, "scale": number_text(algorithm.scale), "form": algorithm.form}
    return {"size": algorithm.size} | common | {"axes": axes, "sha256": algorithm.sha256}


def _costs(report: Results) -> dict[str, Any]:
    costs = report.costs
    return {
        "outputs": costs.outputs,
        "products": costs.products,
        "direct": costs.direct,
        "input": operations_document(costs.input),
        "filter": operations_document(costs.filter),
        "output": operations_document(costs.output),
        "stages": [
            {
                "label": stage.label,
                "matrix": stage.matrix,
                "number": stage.number,
                "axis": stage.axis,
                "shape": list(stage.shape),
                "vectors": stage.vectors,
                "non_zeros": stage.non_zeros,
                "operations": operations_document(stage.operations),
            }
            for stage in costs.stages
        ],
        "break_even": costs.break_even,
        "amortised": [amortised_document(costs, channels) for channels in AMORTISED],
    }


def _layer(report: Results) -> dict[str, Any] | None:
    layer = report.layer
    if layer is None:
        return None
    shape = {"channels": layer.layer.channels, "filters": layer.layer.filters, "spatial": list(layer.layer.spatial)}
    counts = {name: getattr(layer, name) for name in ("tiles", "input", "products", "output", "total", "offline")}
    return shape | counts | {"direct": layer.direct, "saving": float(layer.saving), "break_even": layer.break_even}


def _plan(report: Results) -> dict[str, object] | None:
    plan = report.plan
    if isinstance(plan, Unavailable):
        return {"unavailable": plan.reason}
    return None if plan is None else plan.document()


def _ranges(report: Results) -> dict[str, Any]:
    found, integer = report.ranges, report.integer
    if isinstance(found, Unavailable) or isinstance(integer, Unavailable):
        return {"unavailable": found.reason if isinstance(found, Unavailable) else ""}
    steps = [
        {
            "label": step.label,
            "low": value_document(step.box.low),
            "high": value_document(step.box.high),
            "exact": step.exact,
            "bits": step.integer_bits,
            "fraction_bits": step.fraction_bits,
            "partial_bits": step.partial_bits,
        }
        for step in found.steps
    ]
    return {"scale": number_text(integer.scale), "data": str(found.data), "filter": str(found.filter), "steps": steps}


def _channels(report: Results) -> dict[str, Any]:
    counts = report.channels
    if isinstance(counts, Unavailable):
        return {"unavailable": counts.reason}
    names = ("accumulator_bits", "products", "outputs", "partial_sums", "wrapping", "exact")
    return {name: getattr(counts, name) for name in names}


def workload_document(data: Workload | Layer) -> dict[str, Any]:
    """Seeded data by their numbers, arrays by their shapes, as plain data."""
    if isinstance(data, Workload):
        return {"description": data.describe()} | asdict(data)
    shapes = {"data": list(data.data.shape), "weights": list(data.weights.shape)}
    return {"description": data.describe(), "seed": None} | shapes | {"groups": data.groups, "padding": list(data.pads)}


def scheme_document(item: SchemeResult) -> dict[str, Any]:
    """What a scheme does, or why it does not apply, as plain data."""
    found = item.evaluation
    head: dict[str, Any] = {"name": item.scheme.name, "description": item.scheme.describe()}
    if isinstance(found, Unavailable):
        return head | {"unavailable": found.reason}
    widen = found.predicted.widen
    numbers = {item.kind: finite(item.read(found)) for item in OF_SCHEMES}
    return (
        head
        | numbers
        | {
            "direct": finite(found.direct),
            "predicted_blind": None if found.blind is None else finite(found.blind.decibels),
            "stages": _floats(found.predicted.stages),
            "widen": None if widen is None else {"stage": widen[0], "gain": finite(widen[1])},
            "flags": list(found.flags),
        }
    )


def _float_errors(report: Results) -> list[dict[str, Any]]:
    names = ("error", "standard_error", "direct_error", "bound", "norm_bound")
    rows = []
    for item in report.float_errors:
        row: dict[str, Any] = {"format": item.format, "order": item.order}
        found = item.found
        if isinstance(found, Unavailable):
            rows.append(row | {"unavailable": found.reason})
            continue
        row |= {"channels": found.channels, "runs": found.runs, "seed": found.seed}
        rows.append(row | {name: finite(getattr(found, name)) for name in names})
    return rows


def value_document(value: Any) -> Any:
    """An integer as it is, a float as it is or as a text, an exact number as text and float."""
    if isinstance(value, Unavailable):
        return {"unavailable": value.reason}
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return finite(value)
    return {"exact": number_text(value), "float": finite(float(value))}


def _floats(values: Mapping[str, float]) -> dict[str, float | str]:
    return {name: finite(value) for name, value in values.items()}
