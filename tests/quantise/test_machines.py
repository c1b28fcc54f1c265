# SPDX-License-Identifier: Apache-2.0
"""Every machine on the same algorithms: each gives the convolution, exactly, nearly, or as what it says of it."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from itertools import product
from math import prod

import numpy as np
import pytest
from oracle_chains import chained
from oracle_convolution import table

from wincraft import Algorithm, nest, winograd
from wincraft.measure.execution import ArrayMachine, execute, stages_of
from wincraft.measure.rounded_machine import RoundedMachine
from wincraft.numbers import FORMATS, Arithmetic
from wincraft.quantise import SCHEMES, Workload, simulate
from wincraft.quantise.machines import MACHINES
from wincraft.quantise.tile_moments import OperandMoments

F23, F43 = winograd(2, 3, points="0,1,-1"), winograd(4, 3, points="0,1,-1,2,-2")
QUADRATIC = winograd(4, 3, moduli="0,1,-1,x^2+1,inf")
ALGORITHMS = {
    "1-D": F43,
    "scale": winograd(4, 3, points="0,1,-1,2,-2", convention="integer"),
    "quadratic": QUADRATIC,
    "2-D": nest(F23, F43),
    "quadratic 2-D": nest(QUADRATIC, QUADRATIC),
    "chain": chained(F43),
    "chains": nest(chained(F43), chained(F23)),
    "chain and none": nest(chained(F23), F43),
    "none and chain": nest(F23, chained(F23)),
}


def whole(algorithm, side):
    """The Kronecker product over the axes of whole maps, Fractions."""
    if not algorithm.separable:
        return table(getattr(algorithm, side).dense.to_Matrix())
    return reduce(np.kron, [table(getattr(axis, side).dense.to_Matrix()) for axis in algorithm.factors])


def dense(algorithm):
    """The same algorithm with every map as one matrix over the flattened tile."""
    matrices = (whole(algorithm, side).tolist() for side in ("output", "filter", "input"))
    return Algorithm.from_matrices(*matrices, m=algorithm.m, r=algorithm.r)


RUNS = ALGORITHMS | {f"{name}, dense": dense(ALGORITHMS[name]) for name in ("1-D", "scale", "2-D")}


def run_on(algorithm, machine, data, filters, watch=None):
    return execute(algorithm.maps, algorithm.scale, machine, data, filters, watch)


def operands(algorithm, channels=2, filters=4, groups=2, tiles=3):
    """Small integers: data (n..., C, T) and filters (r..., K, C / groups)."""
    rng = np.random.default_rng(0)
    n, r = algorithm.n, algorithm.r
    return rng.integers(-9, 10, (*n, groups * channels, tiles)), rng.integers(-9, 10, (*r, filters, channels))


def convolution(algorithm, data, filters):
    """By its definition, in Python integers."""
    m, (K, C) = algorithm.m, filters.shape[-2:]
    per_group = K // (data.shape[-2] // C)
    y = np.zeros((*m, K, data.shape[-1]), dtype=object)
    for *place, k, t in np.ndindex(y.shape):
        for *tap, c in product(*map(range, filters.shape[:-2]), range(C)):
            at = (*(i + j for i, j in zip(place, tap, strict=True)), k // per_group * C + c, t)
            y[(*place, k, t)] += int(data[at]) * int(filters[(*tap, k, c)])
    return y


def is_the_convolution(machine, algorithm):
    data, filters = operands(algorithm)
    y = run_on(algorithm, machine, data, filters)
    assert (y == convolution(algorithm, data, filters)).all()
    assert all(isinstance(value, Fraction) for value in y.flat)


def is_nearly_the_convolution(machine, algorithm, error=1e-12):
    data, filters = operands(algorithm)
    y = run_on(algorithm, machine, data.astype(float), filters.astype(float))
    y = machine.real(y) if hasattr(machine, "real") else y
    wanted = convolution(algorithm, data, filters).astype(float)
    np.testing.assert_allclose(y, wanted, rtol=0, atol=error * np.abs(wanted).max())


def is_nearly_the_convolution_in_fp32(machine, algorithm):
    is_nearly_the_convolution(machine, algorithm, 1e-4)


def bounds_the_error_of_fp32(machine, algorithm):
    data, filters = (x.astype(float) for x in operands(algorithm))
    y = run_on(algorithm, MACHINES["rounded"](), data, filters)
    bound = run_on(algorithm, machine, np.abs(data), np.abs(filters))
    wanted = convolution(algorithm, *operands(algorithm)).astype(float)
    assert (np.abs(y - wanted) <= bound.error).all()
    assert (np.abs(wanted) <= bound.size * (1 + 1e-12)).all()


def knows_the_maps(machine, algorithm):
    tiles = [(tile, int(np.prod(tile))) for tile in (algorithm.n, algorithm.r)]
    data, filters = (OperandMoments(t, np.eye(size), np.zeros(size), np.zeros((size, size))) for t, size in tiles)
    y = run_on(algorithm, machine, data, filters)
    U, V = y.operands
    maps = {"input": U, "filter": V, "output": y}
    for side, found in maps.items():
        wanted = whole(algorithm, side) / (algorithm.scale if side == "output" else 1)
        assert not found.signal[:, -1].any()
        np.testing.assert_allclose(found.signal[:, :-1], wanted.astype(float), rtol=1e-12, atol=1e-12)
        assert found.shape == {"output": algorithm.m}.get(side, U.shape)


def plays_back_the_convolution(machine, algorithm):
    data, filters = operands(algorithm)
    symbols = run_on(algorithm, machine, data, filters)
    given, values = dict(zip(machine.inputs, map(int, [*data.flat, *filters.flat]), strict=True)), []
    for number, operation in enumerate(machine.operations):
        sums = (a * prod(values[k] for k in factors) for a, factors in operation.terms)
        values.append(given[number] if number in given else sum(sums, Fraction(0)))
    assert (np.array(values, dtype=object)[symbols] == convolution(algorithm, data, filters)).all()


CHECKS = {
    "exact": is_the_convolution,
    "NumPy": is_nearly_the_convolution,
    "integers": is_nearly_the_convolution,
    "rounded": is_nearly_the_convolution_in_fp32,
    "error bound": bounds_the_error_of_fp32,
    "recording": plays_back_the_convolution,
    "second moments": knows_the_maps,
}


def test_every_machine_is_checked():
    assert CHECKS.keys() == MACHINES.keys()


@pytest.mark.slow_cases("recording-quadratic 2-D")
@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_runs_every_algorithm(name, run):
    CHECKS[name](MACHINES[name](), RUNS[run])


@pytest.mark.parametrize("run", RUNS)
def test_places_are_seen_in_the_order_of_the_computation(run):
    algorithm, seen = RUNS[run], []
    execute(
        algorithm.maps,
        algorithm.scale,
        ArrayMachine(object),
        *operands(algorithm),
        lambda place, value: seen.append((str(place), value)),
    )

    def steps(text, item):
        return [f"{text} {number}" for number in range(1, len(stages_of(item)))]

    data = ["input", *steps("input pre-step", algorithm.maps.input), "U"]
    weights = ["weights", *steps("weights pre-step", algorithm.maps.filter), "V"]
    assert [label for label, _ in seen] == [*data, *weights, "M", *steps("post-step", algorithm.maps.output), "output"]
    values = dict(seen)
    for label, side, given in (("U", "input", "input"), ("V", "filter", "weights")):
        flat = values[given].reshape(whole(algorithm, side).shape[1], -1)
        assert (values[label].reshape(-1, flat.shape[1]) == whole(algorithm, side) @ flat).all()
    assert values["M"].shape[:-2] == algorithm.output.tile


@pytest.mark.parametrize("format", ["fp32", "fp16"])
@pytest.mark.parametrize("run", ["1-D", "scale", "2-D", "chains", "chain and none"])
def test_the_simulation_and_the_float_error_hold_the_same_numbers(run, format):
    """The scheme's machine and the one that measures errors, place by place."""
    algorithm = RUNS[run]
    batch, simulated, measured = Workload(3, 2, 4).batch(algorithm), {}, {}
    simulate(algorithm, SCHEMES[format], batch, watch=lambda place, value: simulated.update({place: value}))
    machine = RoundedMachine(Arithmetic(FORMATS[format]))
    execute(
        algorithm.maps,
        algorithm.scale,
        machine,
        batch.data,
        batch.weights,
        lambda place, value: measured.update({place: value}),
    )
    assert list(simulated) == list(measured)
    for place, value in measured.items():
        np.testing.assert_array_equal(simulated[place], value, err_msg=str(place))
