# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 10. Plans and rings: every stride, every word
#
# F(m,r) has stride 1 and, as everybody writes it, rational numbers. Two extensions: a *plan* makes any convolution, of
# a stride, a dilation, a long kernel, transposed, an exact sum of algorithms; and over a *ring*, words modulo $2^k$ or
# residues modulo small primes, the same matrices compute integers without rounding.

# %%
import matplotlib.pyplot as plt
import numpy as np

import wincraft as wc
from wincraft.plan import Problem, make_plan
from wincraft.quantise import simulate_plan
from wincraft.report import compare_plans
from wincraft.rings import quotient_product, residue_system, ring_loss
from wincraft.rings.simulation import run_residues

plt.style.use("wincraft.mplstyle")

# %% [markdown]
# ## A stride in pieces
#
# With stride 2 the taps at even and at odd places never meet the same data. So a 3x3 kernel of stride 2 is four
# convolutions of stride 1, of 2x2, 2x1, 1x2 and 1x1 taps on the phases of the data. Each has an algorithm; the plan is
# proved on all pairs of impulses.

# %%
stride = make_plan(Problem(3, stride=2, axes=2), tile=2)
print(stride.prove())
stride

# %%
figure, panels = plt.subplots(1, 4, figsize=(9, 2.5))
rows, columns = np.mgrid[:6, :6]
for panel, piece in zip(panels, stride.pieces, strict=True):
    down, across = piece.strands
    touched = (rows % 2 == down.data.offset % 2) & (columns % 2 == across.data.offset % 2)
    panel.imshow(touched, cmap="Greys", vmin=0, vmax=2.4)
    panel.set_xticks(np.arange(-0.5, 6), [])
    panel.set_yticks(np.arange(-0.5, 6), [])
    panel.grid(color="black", lw=0.5)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(True)
    for i in range(down.taps):
        for j in range(across.taps):
            at = down.data.offset + 2 * i, across.data.offset + 2 * j
            tap = f"g{down.filter.offset + 2 * i}{across.filter.offset + 2 * j}"
            panel.text(at[1], at[0], tap, ha="center", va="center")
    panel.set_title(f"{piece.algorithm.size}: {piece.algorithm.rank} products")
plt.show()

# %% [markdown]
# Grey are the data that a piece reads; `gij` stands where tap (i, j) of the kernel meets them for the first output. 25
# products make 2x2 outputs, where the definition takes 36, and integers are exact:

# %%
rng = np.random.default_rng(0)
x, w = rng.integers(-128, 128, (1, 3, 17, 17)), rng.integers(-128, 128, (4, 3, 3, 3))
windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))[:, :, ::2, ::2]
bool((stride.run(x, w) == np.einsum("ncijpq,kcpq->nkij", windows, w)).all())

# %% [markdown]
# ## Which tile for the pieces?
#
# Larger tiles take fewer products and round more. Plans of a 3x3 and a 5x5 kernel of stride 2, a 3x3 kernel with
# dilation 2 and a 7x7 kernel in pieces:

# %%
problems = {
    "3x3, stride 2": Problem(3, stride=2, axes=2),
    "5x5, stride 2": Problem(5, stride=2, axes=2),
    "3x3, dilation 2": Problem(3, dilation=2, axes=2),
    "7x7": Problem(7, axes=2),
}
tiles = (2, 3, 4, 5, 6)
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
for number, (name, problem) in enumerate(problems.items()):
    plans = [make_plan(problem, tile, longest=4) for tile in tiles]
    style = {"color": f"C{number}", "marker": "osD^"[number], "ls": ("-", "--", "-.", ":")[number], "mfc": "white"}
    left.plot(tiles, [float(plan.saving) for plan in plans], label=name, **style)
    right.plot(tiles, [float(plan.noise_gain()) for plan in plans], **style)
left.set(xlabel="tile", ylabel="times fewer products than direct", ylim=(1, None), xticks=tiles)
right.set(xlabel="tile", ylabel="noise gain (direct: 1)", yscale="log", xticks=tiles)
left.legend(loc="upper left")
plt.show()

# %%
compare_plans(problems["3x3, stride 2"], {f"tile {m}": make_plan(problems["3x3, stride 2"], m) for m in (2, 4)})

# %% [markdown]
# A plan runs under a scheme of low precision like an algorithm: each piece has its own scales, and their sum is rounded
# once.

# %%
data, filters = rng.standard_normal((2, 64, 33, 33)), rng.standard_normal((16, 64, 3, 3)) / 24
for scheme in ("fp16", "tapwise-8"):
    decibels = [simulate_plan(make_plan(problems["3x3, stride 2"], m), scheme, data, filters).decibels for m in (2, 4)]
    print(f"{scheme:<10} tile 2 {decibels[0]:.1f} dB, tile 4 {decibels[1]:.1f} dB")

# %% [markdown]
# ## Words modulo 2^16
#
# An exact division by 2 in a word throws a bit away, whatever is done: an odd divisor has an inverse modulo $2^{16}$,
# a power of two has none. `ring_loss` says how many bits are lost, which numbers have to be units, and their inverses:
# 43691 and 61167, the constants of Toom-Cook code for lattice cryptography.

# %%
toom = {
    "Toom-3": wc.winograd(3, 3, points="0,1,-1,-2,inf").transpose(),
    "Toom-4": wc.winograd(4, 4, points="0,1,-1,2,-2,3,inf").transpose(),
    "with x²+x+1": wc.winograd(4, 4, moduli="0,1,-1,-2,x^2+x+1,inf").transpose(),
}
for name, algorithm in toom.items():
    loss = ring_loss(algorithm, "Z/2^16")
    lost, inverse = f"bits lost: {loss.bits}", f"1/{loss.unit} = {loss.inverse}"
    print(f"{name:<12} {algorithm.rank} products, scale {loss.scale:>3}: {lost}, {inverse}")

# %% [markdown]
# ## Residues
#
# Modulo a few coprime numbers of eight bits, tiles of any size are exact. Below: how many times fewer products than the
# definition F(m x m,3x3) takes with as many moduli as 512 channels of int8 need, and with those of 16 bits.

# %%
sizes = range(2, 15, 2)
figure, ax = plt.subplots(figsize=(6.4, 3.2))
for word, marker, line in ((8, "o", "-"), (16, "s", "--")):
    systems = [residue_system(f"F({m}x{m},3x3)", 512, word=word) for m in sizes]
    count = len(systems[-1].moduli)
    ax.plot(sizes, [item.reduction for item in systems], marker=marker, ls=line, color="black", mfc="white",
            label=f"{count} moduli of {word} bits")  # fmt: skip
ax.axhline(1, color="black", lw=0.8, ls=":")
ax.set(xlabel="tile m of F(m x m,3x3)", ylabel="times fewer products", xticks=list(sizes), ylim=(0, 4))
ax.legend(loc="upper left")
plt.show()

# %%
system = residue_system("F(14x14,3x3)", 8)
d, g = rng.integers(-128, 128, (8, 16, 16)), rng.integers(-128, 128, (2, 8, 3, 3))
windows = np.lib.stride_tricks.sliding_window_view(d, (3, 3), axis=(1, 2))
print(f"{len(system.moduli)} moduli {system.moduli}, {system.largest_channels} channels")
bool((run_residues(system, d, g).y == np.einsum("cijpq,kcpq->kij", windows, g)).all())

# %% [markdown]
# ## Cyclic products
#
# Without infinity the same construction multiplies modulo $x^n - 1$. Where that polynomial splits, over a finite field,
# n products are enough:

# %%
for n in (4, 8):
    rational, finite = quotient_product(f"cyclic {n}"), quotient_product(f"cyclic {n}", ring="GF(17)")
    print(f"cyclic {n}: {rational.rank} products over Q, {finite.rank} over GF(17)")

# %% [markdown]
# ## What was learned
#
# - Any stride, dilation and kernel is an exact sum of algorithms of stride 1; the larger the tile, the fewer products
#   and the more noise.
# - Modulo $2^k$ the even part of the scale is lost, and only that; a quadratic modulus saves bits for a product more.
# - Residues are exact at any tile; there a larger tile costs no accuracy.
#
# Read on: [11. Tolerance and certificate](11_tolerance_and_certificate.ipynb); `docs/how-to/strides.md`,
# `docs/explanation/rings.md`.
