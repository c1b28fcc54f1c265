# SPDX-License-Identifier: Apache-2.0
"""Every machine on the same algorithms: each gives the convolution, exactly, nearly, or as what it says of it."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from itertools import product

import numpy as np
import pytest
from oracle_chains import chained
from oracle_convolution import table

from wincraft import nest, winograd
from wincraft.exact.matrix import rational_matrix
from wincraft.measure.execution import ArrayMachine, Chains, Pass, chains_of, execute
from wincraft.measure.rounded_machine import RoundedMachine
from wincraft.numbers import FORMATS, Arithmetic
from wincraft.quantise import SCHEMES, Workload, simulate
from wincraft.quantise.machines import MACHINES
from wincraft.quantise.moments import Source

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
    return reduce(np.kron, [table(getattr(axis, side).dense.to_Matrix()) for axis in algorithm.factors])


def dense(algorithm):
    """The same algorithm with every map as one matrix over the flattened tile."""
    m, ranks = algorithm.m, algorithm.output.tile
    stages = {
        side: ((Pass(rational_matrix(whole(algorithm, side).tolist()), None, image),),)
        for side, image in (("output", m), ("filter", ranks), ("input", ranks))
    }
    return Chains(**stages, scale=chains_of(algorithm).scale)


RUNS = {name: (algorithm, chains_of(algorithm)) for name, algorithm in ALGORITHMS.items()}
RUNS |= {f"{name}, dense": (ALGORITHMS[name], dense(ALGORITHMS[name])) for name in ("1-D", "scale", "2-D")}


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


def is_the_convolution(machine, algorithm, chains):
    data, filters = operands(algorithm)
    y = execute(chains, machine, data, filters)
    assert (y == convolution(algorithm, data, filters)).all()
    assert all(isinstance(value, Fraction) for value in y.flat)


def is_nearly_the_convolution(machine, algorithm, chains, error=1e-12):
    data, filters = operands(algorithm)
    y = execute(chains, machine, data.astype(float), filters.astype(float))
    y = machine.real(y) if hasattr(machine, "real") else y
    wanted = convolution(algorithm, data, filters).astype(float)
    np.testing.assert_allclose(y, wanted, rtol=0, atol=error * np.abs(wanted).max())


def is_nearly_the_convolution_in_fp32(machine, algorithm, chains):
    is_nearly_the_convolution(machine, algorithm, chains, 1e-4)


def bounds_the_error_of_fp32(machine, algorithm, chains):
    data, filters = (x.astype(float) for x in operands(algorithm))
    y = execute(chains, MACHINES["rounded"](), data, filters)
    bound = execute(chains, machine, np.abs(data), np.abs(filters))
    wanted = convolution(algorithm, *operands(algorithm)).astype(float)
    assert (np.abs(y - wanted) <= bound.error).all()
    assert (np.abs(wanted) <= bound.size * (1 + 1e-12)).all()


def knows_the_maps(machine, algorithm, chains):
    tiles = [algorithm.n, algorithm.r]
    data, filters = (Source(tile, np.eye(int(np.prod(tile)))) for tile in tiles)
    y = execute(chains, machine, data, filters)
    U, V = y.operands
    maps = {"input": U, "filter": V, "output": y}
    for side, found in maps.items():
        wanted = whole(algorithm, side) / (chains.scale if side == "output" else 1)
        np.testing.assert_allclose(found.signal, wanted.astype(float), rtol=1e-12, atol=1e-12)
        assert found.shape == {"output": algorithm.m}.get(side, U.shape)


CHECKS = {
    "exact": is_the_convolution,
    "NumPy": is_nearly_the_convolution,
    "integers": is_nearly_the_convolution,
    "rounded": is_nearly_the_convolution_in_fp32,
    "error bound": bounds_the_error_of_fp32,
    "second moments": knows_the_maps,
}


def test_every_machine_is_checked():
    assert CHECKS.keys() == MACHINES.keys()


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_runs_every_algorithm(name, run):
    CHECKS[name](MACHINES[name](), *RUNS[run])


@pytest.mark.parametrize("run", RUNS)
def test_places_are_seen_in_the_order_of_the_computation(run):
    algorithm, chains = RUNS[run]
    seen = []
    execute(chains, ArrayMachine(object), *operands(algorithm), lambda place, value: seen.append((str(place), value)))

    def steps(text, stages):
        return [f"{text} {number}" for number in range(1, len(stages))]

    data = ["input", *steps("input pre-step", chains.input), "U"]
    weights = ["weights", *steps("weights pre-step", chains.filter), "V"]
    assert [label for label, _ in seen] == [*data, *weights, "M", *steps("post-step", chains.output), "output"]
    values = dict(seen)
    for label, side, given in (("U", "input", "input"), ("V", "filter", "weights")):
        flat = values[given].reshape(whole(algorithm, side).shape[1], -1)
        assert (values[label].reshape(-1, flat.shape[1]) == whole(algorithm, side) @ flat).all()
    assert values["M"].shape[:-2] == tuple(axis.rank for axis in algorithm.factors)


@pytest.mark.parametrize("format", ["fp32", "fp16"])
@pytest.mark.parametrize("run", ["1-D", "scale", "2-D", "chains", "chain and none"])
def test_the_simulation_and_the_float_error_hold_the_same_numbers(run, format):
    """The scheme's machine and the one that measures errors, place by place."""
    algorithm, chains = RUNS[run]
    batch, simulated, measured = Workload(3, 2, 4).batch(algorithm), {}, {}
    simulate(algorithm, SCHEMES[format], batch, watch=lambda place, value: simulated.update({place: value}))
    machine = RoundedMachine(Arithmetic(FORMATS[format]))
    execute(chains, machine, batch.data, batch.weights, lambda place, value: measured.update({place: value}))
    assert list(simulated) == list(measured)
    for place, value in measured.items():
        np.testing.assert_array_equal(simulated[place], value, err_msg=str(place))
