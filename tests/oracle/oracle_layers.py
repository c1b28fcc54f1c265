# SPDX-License-Identifier: Apache-2.0
"""Winograd layers a second time: fake quantisation with `autograd` in float64, and the codes of both implementations.

Imports torch: only for tests that have it.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import torch

from wincraft import parse, winograd
from wincraft.algorithm import nest
from wincraft.construct import chained
from wincraft.quantise import Layer, simulate

torch.set_num_threads(1)

F43 = "0,1,-1,2,-2"
INTEGER = ["barabasz-2020-8", "barabasz-2020-8-9", "winograd-aware-nets", "tapwise-8", "tapwise-pow2"]
ALGORITHMS = {
    "F2": lambda: parse("F(2x2,3x3)"),
    "F4 wincnn": lambda: parse("F(4x4,3x3)", points=F43),
    "F4 pow2": lambda: parse("F(4x4,3x3)", convention="pow2"),
    "F4 balanced": lambda: parse("F(4x4,3x3)", convention="balanced"),
    "F4 integer": lambda: parse("F(4x4,3x3)", points=F43, convention="integer"),
    "F4 legendre": lambda: chained(parse("F(4x4,3x3)", points=F43), "legendre"),
    "F4 mixed": lambda: nest(winograd(4, 3), chained(winograd(4, 3), "legendre")),
    "F4 quadratic": lambda: parse("F(4x4,3x3)", moduli="0,1,-1,x^2+1,inf", nested=True),
    "F6": lambda: parse("F(6x6,3x3)", convention="pow2"),
    "F6 quadratic": lambda: parse("F(6x6,3x3)", moduli="0,1,-1,x^2+x+1,x^2-x+1,inf", nested=True),
    "rectangular": lambda: parse("F(2x4,3x5)"),
    "rectangular legendre": lambda: chained(parse("F(3x4,3x5)"), "legendre"),
    "1-D": lambda: parse("F(4,3)", points=F43),
    "1-D legendre": lambda: chained(parse("F(6,5)", convention="pow2"), "legendre"),
}


def rand(*shape, seed=0, dtype=torch.float32):
    """Normal numbers, the same for the same seed in every dtype."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def stored_codes(layer, x):
    """(label, codes) of every stage of a layer, axes as in the simulation; those of the input (N, C, ...)."""
    found = {}
    hooks = [
        stage.register_forward_hook(lambda _, args, out, label=label: found.setdefault(label, []).append(out[0]))
        for label, stage in layer.winograd.labelled.items()
    ]
    y = layer(x)
    for hook in hooks:
        hook.remove()
    codes = {label: torch.cat(parts, 0 if label == "input" else 1) for label, parts in found.items()}
    codes = {label: t.movedim(-1, 1).detach().double().numpy() for label, t in codes.items()}
    return y.detach(), codes


def simulated_codes(layer, x, scheme, scales):
    """The simulation of the layer on the same images, and its codes by label."""
    seen = {}
    batch = Layer(x.double().numpy(), layer.weight.detach().double().numpy(), layer.padding).batch(layer.algorithm)
    found = simulate(layer.algorithm, scheme, batch, scales, lambda place, values: seen.update({str(place): values}))
    return found, codes_of(found, seen)


def codes_of(found, seen):
    """The integers of every stage that is stored, from the values that were watched."""
    return {label: np.rint(seen[label] / record.scale.scale) for label, record in found.records.items()}


def tiled(array, layer):
    """An array (N, C, ...) cut by the analysis module, (n..., C, T)."""
    return Layer(array, np.ones((1, array.shape[1], *layer.kernel_size)), layer.padding).batch(layer.algorithm).data


def joined(outputs, layer, images, sizes):
    """Outputs of tiles (m..., K, T) as images (N, K, ...)."""
    m, d = layer.winograd.m, len(layer.winograd.m)
    tiles = [-(-size // step) for size, step in zip(sizes, m, strict=True)]
    y = outputs.reshape(*m, outputs.shape[d], images, *tiles)
    order = [d + 1, d, *(axis for pair in zip(range(d + 2, 2 * d + 2), range(d), strict=True) for axis in pair)]
    y = y.transpose(order).reshape(images, outputs.shape[d], *(t * s for t, s in zip(tiles, m, strict=True)))
    return y[(slice(None), slice(None), *(slice(size) for size in sizes))]


def fake(value, scale, bits=8, sharers=None):
    """Stored to b bits, symmetric; gradients by autograd: those of value where inside, of the scale LSQ's.

    `sharers` is how many values of an image share a scale, for the damping of its gradient; None for fixed scales.
    """
    high = 2 ** (bits - 1) - 1
    if sharers:
        factor = 1 / sqrt(sharers * high)
        scale = scale * factor + (scale * (1 - factor)).detach()
    steps = value / scale
    codes = steps.detach().round()
    inside = ((codes >= -high) & (codes <= high)).to(steps)
    return scale * (steps * inside + (codes.clamp(-high, high) - steps * inside).detach())


def fake_layer(x, w, matrices, scales, pad, m, bits=None, learned=False):
    """y = A^T [(G g G^T) * (B^T d B)] A of (N, C, H, W) with every label in `scales` stored."""
    AT, G, BT = matrices
    n, (N, _, H, W) = BT.shape[1], x.shape
    counts = dict.fromkeys(scales, 8) | (bits or {})

    def store(label, value):
        if label not in scales:
            return value
        images = 1 if label in ("weights", "V") else len(x)
        sharers = value.numel() / images / scales[label].numel() if learned else None
        return fake(value, scales[label], counts[label], sharers)

    x, w = store("input", x), store("weights", w)
    sizes = [size + 2 * pad - w.shape[-1] + 1 for size in (H, W)]
    th, tw = (-(-size // m) for size in sizes)
    big = torch.nn.functional.pad(x, [pad, (tw * m + n - m) - W - pad, pad, (th * m + n - m) - H - pad])
    tiles = big.unfold(2, n, m).unfold(3, n, m)
    U = store("U", torch.einsum("ai,bj,zcpqij->abzpqc", BT, BT, tiles))
    V = store("V", torch.einsum("ai,bj,kcij->abkc", G, G, w))
    M = store("M", torch.einsum("abkc,abzpqc->abzpqk", V, U))
    y = store("output", torch.einsum("ia,jb,abzpqk->zkpiqj", AT, AT, M).reshape(N, -1, th * m, tw * m))
    return y[..., : sizes[0], : sizes[1]]
