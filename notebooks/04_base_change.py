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
# # 4. Base change: what Legendre changes and what it does not
#
# Barabasz 2020 (arXiv 2004.11077) writes the transforms through another polynomial basis: $B^T = (B^T P^{-1})\,P$,
# where the rows of P are basis polynomials, and likewise for G and $A^T$. One matrix becomes a chain of two. This
# notebook looks at what a chain can change, and measures it.

# %%
import matplotlib.pyplot as plt
import numpy as np

import wincraft as wc
from wincraft.quantise import SCHEMES, Workload, parse_scheme
from wincraft.report import compare_bases

plt.style.use("wincraft.mplstyle")

# %%
f = wc.winograd(4, 3, points="0,1,-1,2,-2")
legendre = f.change_basis("legendre")
legendre.input

# %% [markdown]
# On the right P, the monic Legendre polynomials 1, x, x² - 1/3, ...; on the left what is left to do. The product is
# the matrix it was, entry for entry, and so are the operands of the products.

# %%
same = [getattr(legendre, name).dense == getattr(f, name).dense for name in ("output", "filter", "input")]
print("A^T, G, B^T are the same matrices:", same)
print("noise gain", f.noise_gain(), "and", legendre.noise_gain())

# %% [markdown]
# ## What it can act on
#
# 1. The condition numbers of the matrices; they improve.
# 2. The rounding of what passes between the two steps, where that is stored.
# 3. The rounding of the matrices' entries, where those have few bits.
# 4. The number of operations.
#
# U, V, M and the output are the same numbers in every basis, and so is their rounding.

# %%
F = wc.parse("F(4x4,3x3)", points="0,1,-1,2,-2")
schemes = [
    SCHEMES["tapwise-8"],
    parse_scheme("tapwise-8,matrices=int8"),
    parse_scheme("tapwise-8,matrices=int10"),
    SCHEMES["barabasz-2020-8"],
    SCHEMES["barabasz-2020-8-9"],
]
names = ["canonical", "legendre", "chebyshev", "newton"]
bases = compare_bases(F, names, schemes, Workload(32, 8, 32))
bases.plot().set_title("0, ±1, ±2, 8 bits")
plt.show()

# %% [markdown]
# - `tapwise-8` stores nothing between the steps and has exact matrices: **the bases agree to the last digit**.
# - With 8-bit matrices a basis may suit the word or not; with 10 bits little of the difference is left.
# - `barabasz-2020` stores the steps between, in 8 bits: one rounding more. Its noise is that of one scale for all taps,
#   as [5](05_eight_bits.ipynb) shows, and a basis does not touch that.
#
# The numbers, with the prediction in brackets; the other sections unfold.

# %%
bases

# %% [markdown]
# Three questions that are often mixed up: is the matrix better conditioned, is it dearer, and is the result more exact?

# %%
last = [[v for label, v in column.conditions.items() if label.startswith("BT")][-1] for column in bases.columns]
online = [column.costs.input.total + column.costs.output.total for column in bases.columns]
exact = [column.schemes["tapwise-8"].measured for column in bases.columns]

figure, panels = plt.subplots(1, 3, figsize=(10, 2.6))
titles = ("cond_2 of the last stage of $B^T$", "operations per tile, data and output", "tapwise-8, SQNR in dB")
for panel, title, values in zip(panels, titles, (last, online, exact), strict=True):
    bars = panel.bar(names, values, color="0.8", edgecolor="black")
    panel.bar_label(bars, fmt="%.4g", fontsize=9)
    panel.set_title(title)
    panel.tick_params(axis="x", labelsize=8)
    panel.margins(y=0.15)

plt.show()

# %% [markdown]
# ## What moves the error more
#
# Scaling by powers of two (`pow2`), and other points; both under the scheme of the paper, in the canonical basis and in
# Legendre's.

# %%
cases = {
    "0, ±1, ±2": {"points": "0,1,-1,2,-2"},
    "0, ±1, ±2\npow2": {"points": "0,1,-1,2,-2", "convention": "pow2"},
    "0, ±2/3, ±3/2": {},
    "0, ±2/3, ±3/2\npow2": {"convention": "pow2"},
}
measured = []
for options in cases.values():
    found = compare_bases(wc.parse("F(4x4,3x3)", **options), names[:2], schemes[3:4], Workload(32, 8, 32))
    measured.append([column.schemes["barabasz-2020-8"].measured for column in found.columns])

figure, ax = plt.subplots(figsize=(6.4, 3))
for place, (name, hatch) in enumerate(zip(names[:2], ("", "///"), strict=True)):
    bars = ax.bar(
        np.arange(4) + 0.38 * (place - 0.5),
        [row[place] for row in measured],
        0.36,
        color="white",
        edgecolor="black",
        hatch=hatch,
        label=name,
    )
    ax.bar_label(bars, fmt="%.1f", fontsize=9)
ax.axhline(0, color="black", lw=0.8)
ax.set(xticks=range(4), xticklabels=cases, ylabel="SQNR in dB", title="barabasz-2020-8")
ax.margins(y=0.15)
ax.legend(loc="upper left")
plt.show()

# %% [markdown]
# ## What was learned
#
# - A base change leaves U and V as they are. It acts through the rounding inside the transforms and of the matrices.
# - Untrained and with exact matrices it gains nothing; it improves condition numbers, which is another thing.
# - Points and scaling act on what is stored, and gain 20 to 30 dB here.
#
# Read on: [5. Eight bits, stage by stage](05_eight_bits.ipynb); `docs/base-change.md` has the full table, white and
# correlated data, with the spread over seeds, and what the paper claims for trained networks.
