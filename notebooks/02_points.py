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
# # 2. Why points matter
#
# Every choice of distinct points gives a correct F(m,r), and all cost the same number of products. Their rounding
# errors differ by orders of magnitude. For F(4,3) there are five finite points and infinity; for the symmetric sets
# 0, ±p, ±q the whole choice is a map over two numbers.

# %%
from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patheffects import withStroke
from sympy import sympify

import wincraft as wc
from wincraft.quantise import SCHEMES, Workload, simulate
from wincraft.search import certify

plt.style.use("wincraft.mplstyle")

# %% [markdown]
# ## The map
#
# The noise gain is $\sum_k \|A_k\|^2 \|G_k\|^2 \|B_k\|^2 / (mr)$, with the columns of $A^T$ and the rows of $G$ and
# $B^T$. In floating point it is a few lines of NumPy, for all sets of a grid at once. `alg.noise_gain()` is the exact
# number; the two agree.


# %%
def noise_gains(m, r, points):
    """The noise gain of finite points (a sequence of arrays of one shape) and infinity."""
    points = [np.asarray(point, dtype=float) for point in points]
    total = polynomial_norm(points)  # infinity: norms 1, 1, and that of the product of all x - p
    for k, p in enumerate(points):
        others = points[:k] + points[k + 1 :]
        factor = np.prod([p - q for q in others], axis=0)
        total = total + powers(p, m) * powers(p, r) / factor**2 * polynomial_norm(others)
    return total / (m * r)


def powers(p, count):
    return sum(p ** (2 * k) for k in range(count))


def polynomial_norm(roots):
    """The sum of the squared coefficients of the polynomial with these roots."""
    coefficients = [np.ones_like(roots[0])]
    for root in roots:
        shifted = [np.zeros_like(root), *coefficients]
        coefficients = [a - root * b for a, b in zip(shifted, [*coefficients, np.zeros_like(root)], strict=True)]
    return sum(value**2 for value in coefficients)


lavin = wc.winograd(4, 3, points="0,1,-1,2,-2")
float(lavin.noise_gain()), float(noise_gains(4, 3, [0, 1, -1, 2, -2]))

# %% [markdown]
# The best real set is known with a proof: `certify` bounds the noise gain from below over *all* real sets of the class
# by branch and bound.

# %%
limit = certify(4, 3, "symmetric")
limit

# %%
entry = wc.catalogue()[4, 3]
known = {"the catalogue's default": entry.points} | {item.source.split(";")[0]: item.points for item in entry.published}


def pair(points):
    """(p, q) with p < q of a set 0, ±p, ±q, inf; None for others."""
    values = sorted(sympify(text) for text in points.split(",") if text != "inf")
    if len(values) == 5 and values[2] == 0 and values[0] == -values[4] and values[1] == -values[3]:
        return float(values[3]), float(values[4])
    return None


# %%
grid = np.geomspace(0.2, 5, 240)
q, p = np.meshgrid(grid, grid)
with np.errstate(divide="ignore"):
    gains = noise_gains(4, 3, [0 * p, p, -p, q, -q])

figure, ax = plt.subplots(figsize=(7.2, 4.2))
levels = [4.75, 5, 6, 8, 10, 15, 25, 50, 100, 300, 1000, 1e9]
shades = ax.contourf(p, q, np.where(p < q, gains, np.nan), levels, cmap="Greys", norm="log", vmin=4, vmax=3000)
lines = ax.contour(p, q, np.where(p < q, gains, np.nan), levels[1:-1], colors="black", linewidths=0.6, linestyles="-")
for label in ax.clabel(lines, fmt="%g", fontsize=8):
    label.set_path_effects([withStroke(linewidth=2, foreground="white")])
best = sorted(abs(point) for point in limit.points)[-2:-1] + sorted(abs(point) for point in limit.points)[-4:-3]
ax.plot(best[1], best[0], "k+", ms=14, mew=2)
ax.annotate(f"best real set, {limit.upper:.4g}", (best[1], best[0]), (0.28, 3.6), arrowprops={"arrowstyle": "-"})
places = {}
for name, points in known.items():
    if pair(points):
        places.setdefault(pair(points), []).append(name)
for number, (place, names) in enumerate(places.items()):
    ax.plot(*place, "osD^v"[number], color="white", mec="black", ms=8, label=names[0].split(":")[0])
ax.set(xscale="log", yscale="log", xlabel="p", ylabel="q", title="noise gain of 0, ±p, ±q, inf for F(4,3)")
for axis in (ax.xaxis, ax.yaxis):
    axis.set_major_locator(plt.FixedLocator([0.2, 0.5, 1, 2, 5]))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(plt.NullLocator())
ax.set(xlim=(0.25, 2), ylim=(0.5, 5))
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# Towards p = q two points coincide and the gain has no bound. x → 1/x exchanges 0 with infinity and leaves the gain as
# it is, so that the map is symmetric about p q = 1, and the best set lies on that line. 0, ±1, ±2 is far from it.
#
# ## Where libraries sit
#
# Sets of any form, all that the catalogue knows for F(4,3), with what fp16 does to them: signal-to-noise ratio of
# F(4x4,3x3), every operation in fp16, rows balanced by powers of two.

# %%
entry


# %%
def fp16(points):
    """SQNR in dB of F(4x4,3x3)."""
    algorithm = wc.parse("F(4x4,3x3)", points=points, convention="pow2")
    return simulate(algorithm, SCHEMES["fp16"], Workload(64, 8, 32).batch(algorithm)).decibels


rows = sorted((float(wc.winograd(4, 3, points=points).noise_gain()), name, points) for name, points in known.items())
figure, ax = plt.subplots(figsize=(8, 3.4))
ax.barh(range(len(rows)), [gain for gain, *_ in rows], color="0.8", edgecolor="black")
for place, (gain, _, points) in enumerate(rows):
    ax.annotate(
        f"{gain:.2f}, fp16 {fp16(points):.1f} dB:  {points.removesuffix(',inf')}",
        (gain, place),
        (4, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
    )
ax.axvline(limit.lower, color="black", ls="--", lw=1)
ax.set_yticks(range(len(rows)), [name if len(name) < 45 else name[:42] + "..." for _, name, _ in rows], fontsize=8)
ax.invert_yaxis()
ax.set(xlabel="noise gain of one axis (dashed: no real symmetric set is below)", xlim=(0, 21))
plt.show()

# %% [markdown]
# ## Larger tiles
#
# The gain grows with the tile whatever the points, and in two dimensions it is squared. From m = 4 on the limit itself
# more than doubles with every m. The catalogue's points, rational and small, lie on it: F(5,3) on them is more accurate
# than F(4,3) on 0, ±1, ±2.

# %%
sizes = range(2, 11)
catalogued = [float(Fraction(wc.catalogue()[m, 3].noise_gain)) for m in sizes]
limits = [wc.catalogue()[m, 3].limit.noise_gain for m in sizes]
published = {m: [item.points for item in wc.catalogue()[m, 3].published] for m in sizes}
others = [(m, float(wc.winograd(m, 3, points=points).noise_gain())) for m in sizes for points in published[m]]

figure, ax = plt.subplots()
ax.semilogy([m for m, _ in others], [gain for _, gain in others], "o", mfc="white", color="black", label="published")
ax.semilogy(sizes, catalogued, "ks-", ms=4, label="catalogue")
ax.semilogy(sizes, limits, "--", color="0.5", label="best real symmetric set")
ax.set(xlabel="m of F(m,3)", ylabel="noise gain of one axis")
ax.legend()
plt.show()

# %% [markdown]
# ## What was learned
#
# - All points cost the same; their noise gain differs by factors, in two dimensions squared.
# - For F(4,3) the best symmetric set is 0, ±2/3, ±3/2 within half a per cent, and none is below 4.740.
# - For larger tiles points alone do not help; other moduli do, at more products ([6](06_search.ipynb)).
#
# Read on: [3. Why the condition number misleads](03_condition_number.ipynb); `docs/points.md` has all sizes and
# the proved limits.
