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
# # 8. Circuits: few additions, and what they cost
#
# The products of F(m,r) are what everybody counts. The transforms around them are additions, and there are many ways to
# write one matrix as additions. This notebook takes the best circuits known, asks for a proof that there are no better
# ones, and measures why equal counts are not equal.

# %%
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import SVG

import wincraft as wc
from wincraft.circuit import additions_bound, drawing, live, multiplierless, of_matrix, program_text
from wincraft.construct import Circuits

plt.style.use("wincraft.mplstyle")

# %% [markdown]
# ## One matrix, two programs
#
# The data transform of F(4,3) on 0, ±1, ±2, row by row, and with what its rows share computed once. Both are proved to
# compute the matrix: every value of a program is an exact combination of its inputs.

# %%
usual = wc.winograd(4, 3, points="0,1,-1,2,-2")
BT = usual.input.dense
plain = of_matrix(BT)
fewest = Circuits(usual, "fewest").of(BT)
print("row by row:", plain.additions, "additions\n")
print(program_text(fewest.program, reads="d"))
fewest.program.matrix() == BT

# %%
SVG(drawing(fewest.program, "B^T of F(4,3) in 12 additions", reads="d", writes="u"))

# %% [markdown]
# ## No circuit has fewer
#
# Twelve is not the best that a search found; it is the best that there is. The bound holds for any rational constants:
# circuits with up to three intermediate values were enumerated, and none computes the matrix.

# %%
for name, matrix in (("B^T", BT), ("G", usual.filter.dense), ("A^T", usual.output.dense)):
    bound = additions_bound(matrix)
    found = Circuits(usual, "fewest").of(matrix).additions
    print(f"{name:<4} {found} additions, at least {bound.additions}: {bound.method}, {bound.cases:,} cases")

# %% [markdown]
# For larger sizes a bracket is left between what was found and what is proved. Markers are circuits; a bar reaches down
# to the bound.

# %%
sets = {
    "F(2,3)\n0, ±1": (2, "0,1,-1"),
    "F(3,3)\n+ 2": (3, "0,1,-1,2"),
    "F(4,3)\n+ -2": (4, "0,1,-1,2,-2"),
    "F(5,3)\n+ 1/2": (5, "0,1,-1,2,-2,1/2"),
    "F(6,3)\n+ -1/2": (6, "0,1,-1,2,-2,1/2,-1/2"),
    "F(7,3)\n+ 4": (7, "0,1,-1,2,-2,1/2,-1/2,4"),
}
figure, panels = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True)
for panel, role, title in zip(panels, ("BT", "AT"), ("$B^T$", "$A^T$"), strict=True):
    for place, (m, points) in enumerate(sets.values()):
        algorithm = wc.winograd(m, 3, points=points)
        matrix = algorithm.named[role].dense
        best = Circuits(algorithm, "fewest").of(matrix).additions
        bound = additions_bound(matrix).additions
        panel.plot([place, place], [bound, best], color="black", lw=5, alpha=0.35, solid_capstyle="butt")
        panel.plot(place, best, "o", color="black", ms=6, label="best circuit known" if not place else None)
        panel.plot(place, bound, "_", color="black", ms=14, mew=2, label="proved bound" if not place else None)
        rows = of_matrix(matrix).additions
        panel.plot(place, rows, "s", color="black", mfc="none", ms=9, label="row by row" if not place else None)
    panel.set(title=title, xticks=range(len(sets)), ylim=(0, 56))
    panel.set_xticklabels(sets, fontsize=8)
panels[0].set_ylabel("additions")
panels[0].legend(loc="upper left")
plt.show()

# %% [markdown]
# ## Equal counts, unequal rounding
#
# Every operation rounds, and what its error does to the outputs depends on the size of its value. The *rounding noise*
# of a circuit is what its roundings do to the outputs, in units of one rounding of every product, an exact number.
# The circuits of F(6,3) that are known, with the one that wincraft takes by default.

# %%
six = wc.winograd(6, 3, points="0,1,-1,2,-2,1/2,-1/2")
gain = float(six.noise_gain())
figure, panels = plt.subplots(1, 2, figsize=(9, 3.4))
for panel, role, title in zip(panels, ("BT", "AT"), ("$B^T$ of F(6,3)", "$A^T$ of F(6,3)"), strict=True):
    matrix = six.named[role].dense
    known = Circuits(six, "fewest").candidates(matrix)
    chosen = Circuits(six).of(matrix)
    noise = [float(item.noise) / gain for item in known]
    panel.plot([item.additions for item in known], noise, "o", color="0.45", mfc="none", ms=5, label="known circuits")
    panel.plot(known[0].additions, noise[0], "s", color="black", mfc="white", ms=8, label="row by row")
    panel.plot(chosen.additions, float(chosen.noise) / gain, "k*", ms=13, label="default")
    panel.axhline(1.1 * noise[0], color="black", ls="--", lw=0.9, label="1.1 x row by row")
    panel.set(title=title, xlabel="additions", yscale="log", yticks=[0.5, 1, 2, 5, 10], ylim=(0.3, 30))
    panel.yaxis.set_major_formatter("{x:g}")
    panel.yaxis.set_minor_locator(plt.NullLocator())
panels[0].set_ylabel("rounding noise, roundings per product")
panels[1].legend(loc="upper right")
plt.show()

# %% [markdown]
# The default is the circuit of the fewest additions among those below the dashed line. Measured in half precision,
# every operation rounded by NumPy, it takes fewer additions than the rows and rounds less; the quietest circuit takes a
# few more.

# %%
rng = np.random.default_rng(0)
lines = rng.standard_normal((8, 50_000)).astype(np.float16)
filters = rng.standard_normal((3, 50_000))
AT, G, BTs = six.to_numpy(float)
V = G @ filters
exact = BTs @ lines.astype(float)


def measured(program):
    """The variance at the outputs of what the roundings of a data transform in float16 do, for unit data."""
    rounded = np.array(program.run(list(lines))).astype(float)
    return ((AT @ (V * (rounded - exact))) ** 2).mean()


matrix = six.named["BT"].dense
rows = Circuits(six, "fewest").candidates(matrix)[0]
chosen, quietest = Circuits(six).of(matrix), Circuits(six, "quiet").of(matrix)
for name, item in (("row by row", rows), ("default", chosen), ("quietest", quietest)):
    ratio = measured(item.program) / measured(rows.program)
    predicted = float(item.noise / rows.noise)
    print(f"{name:<11} {item.additions:>3} additions, noise {predicted:.2f} predicted, {ratio:.2f} measured")

# %% [markdown]
# ## Registers and shifts
#
# Two more numbers that a kernel pays for: the values held at one time, and, in hardware without multipliers, the
# additions that constants are made of.

# %%
for name, item in (("row by row", plain), ("fewest", fewest.program)):
    print(f"{name:<11} holds {live(item)} values")
shifts = multiplierless(BT)[0]
print(f"{shifts.additions} additions of shifted values, constants included")

# %% [markdown]
# ## Whole tiles
#
# A tile of an image is transformed by its columns, then by its rows. Written as one circuit it can share more, at the
# price of holding the whole tile at one time. Additions of F(2x2,3x3):

# %%
small = wc.winograd(2, 3, points="0,1,-1")
tile = Circuits(wc.parse("F(2x2,3x3)", points="0,1,-1"), "fewest")
for name, role, lines in (("B^T", "BT", 4 + 4), ("G", "G", 3 + 4), ("A^T", "AT", 4 + 2)):
    nested = lines * Circuits(small, "fewest").of(small.named[role].dense).additions
    print(f"{name:<4} {nested} nested, {tile.whole(role).additions} as a whole")

# %% [markdown]
# ## What was learned
#
# - F(4,3) on 0, ±1, ±2 takes 12, 5 and 10 additions, and no circuit with any rational constants takes fewer.
# - Equal counts differ in rounding by factors; the default is the fewest additions among circuits that round no worse
#   than the rows.
# - What is minimal depends on what is counted: additions, shifts, values held, or the tile as a whole.
#
# Read on: [9. Kernels](09_kernels.ipynb); `docs/explanation/circuits.md` has the tables and how minimality is proved,
# `docs/how-to/circuits.md` how a circuit gets into C or Verilog.
