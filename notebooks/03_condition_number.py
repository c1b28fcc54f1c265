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
# # 3. Why the condition number misleads, and the noise gain does not
#
# Point sets are often ranked by the condition number of their Vandermonde matrix V. This notebook draws random point
# sets, runs every one of them in 16 bits, and asks which number ranks them as their measured error does.

# %%
from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import spearmanr

import wincraft as wc
from wincraft.measure import conditioning, matrix_conditioning, vandermonde
from wincraft.quantise import SCHEMES, Workload, simulate

plt.style.use("wincraft.mplstyle")

# %% [markdown]
# ## One algorithm, many condition numbers
#
# The matrices A, G and B of one algorithm can be scaled row by row without changing any result. Their condition numbers
# change with it. The noise gain does not, and neither, apart from the rounding of the constants, does the error.

# %%
workload = Workload(channels=16, outputs=8, tiles=32)
points = "0,1,-1,2,-2"
print(f"{'convention':<16}{'cond_2(B^T)':>12}{'cond_2(G)':>11}{'cond_2(V)':>11}{'noise gain':>12}{'fp16 SQNR':>11}")
for convention in ("wincnn", "integer", "fractions-in-b", "balanced", "pow2"):
    f = wc.winograd(4, 3, points=points, convention=convention)
    of = conditioning(f).matrices
    error = simulate(f, SCHEMES["fp16-fp32acc"], workload.batch(f)).decibels
    print(
        f"{convention:<16}{of['BT'].cond_2:>12.1f}{of['G'].cond_2:>11.2f}{of['V'].cond_2:>11.1f}"
        f"{float(f.noise_gain()):>12.4f}{error:>11.2f}"
    )

# %% [markdown]
# ## Random sets
#
# 120 sets for F(4,3): five different points from 0 and ±a/b with a, b up to 4, and infinity, rows balanced by powers of
# two. Each is simulated on the same Gaussian data, U, V and M stored in fp16.

# %%
SETS = 120
pool = sorted({Fraction(s * a, b) for a in range(5) for b in range(1, 5) for s in (1, -1)})
rng = np.random.default_rng(0)
chosen = {tuple(sorted(rng.choice(len(pool), 5, replace=False))) for _ in range(3 * SETS)}
sets = [",".join(str(pool[index]) for index in indices) for indices in sorted(chosen)]
sets = [sets[index] for index in rng.choice(len(sets), SETS, replace=False)]

algorithms = [wc.winograd(4, 3, points=text, convention="pow2") for text in sets]
batch = workload.batch(algorithms[0])
errors = np.array([simulate(f, SCHEMES["fp16-fp32acc"], batch).noise_to_signal for f in algorithms])
predictors = {
    "noise gain": np.array([float(f.noise_gain()) for f in algorithms]),
    "cond_2(V)": np.array([matrix_conditioning(vandermonde(f)).cond_2 for f in algorithms]),
    "cond_2(B^T), rows balanced": np.array([matrix_conditioning(f.input.dense).cond_2 for f in algorithms]),
}

# %%
figure, panels = plt.subplots(1, 3, figsize=(10, 3.4), sharey=True)
for panel, (name, values) in zip(panels, predictors.items(), strict=True):
    panel.loglog(values, errors, "o", color="black", mfc="none", ms=4)
    rank = spearmanr(values, errors).statistic
    panel.set(title=f"Spearman {rank:.3f}", xlabel=name.replace("B^T", "$B^T$"))
panels[0].set_ylabel("measured noise over signal, fp16")
plt.show()

# %% [markdown]
# The noise gain is not only in order: the error is proportional to it, over several decades, so that it predicts the
# error itself. cond_2(V) depends on the lengths of the rows of V, that is on how large the points are, which the
# algorithm's scaling takes out; what is left of it is a weak ranking, and no better among the good sets.

# %%
best = np.argsort(predictors["noise gain"])[:40]
print(f"{'Spearman correlation with the error':<38}{'all sets':>9}{'best 40':>9}")
for name, values in predictors.items():
    print(
        f"{name:<38}{spearmanr(values, errors).statistic:>9.3f}{spearmanr(values[best], errors[best]).statistic:>9.3f}"
    )

ratio = errors / predictors["noise gain"]
print(
    f"\nerror / noise gain: median {np.median(ratio):.3g}, "
    f"90 % of the sets within {np.quantile(ratio, 0.05) / np.median(ratio):.2f} "
    f"to {np.quantile(ratio, 0.95) / np.median(ratio):.2f} of it"
)

# %% [markdown]
# To be fair: **cond_2 of $B^T$ after balancing ranks well**. With rows of equal length the scaling is out of it, and
# what is left measures how far the rows are from orthogonal, which is close to what the noise gain measures. It is a
# ranking only, on this scaling only, and gives no size of the error. `scripts/rank_correlation.py` does the same for
# 200 sets of F(4,3), F(6,3) and F(8,3) in three formats.
#
# ## A set chosen by its condition
#
# 0, ±5/6, ±7/6 was proposed for its small condition number (Lohia, NOVA, arXiv 2512.18453). Beside it the usual points
# and the catalogue's:

# %%
compared = {"0, ±5/6, ±7/6": "0,5/6,-5/6,7/6,-7/6", "0, ±1, ±2": points, "0, ±2/3, ±3/2": "0,2/3,-2/3,3/2,-3/2"}
rows = []
for text in compared.values():
    f = wc.winograd(4, 3, points=text, convention="pow2")
    F = wc.parse("F(4x4,3x3)", points=text, convention="pow2")
    error = simulate(F, SCHEMES["fp16"], workload.batch(F)).decibels
    rows.append((conditioning(f).matrices["V finite"].cond_2, float(f.noise_gain()), error))

figure, panels = plt.subplots(1, 3, figsize=(10, 2.6))
titles = ("cond_2 of V, finite points", "noise gain", "fp16, F(4x4,3x3), SQNR in dB")
for panel, title, values in zip(panels, titles, zip(*rows, strict=True), strict=True):
    bars = panel.bar(list(compared), values, color="0.8", edgecolor="black")
    panel.bar_label(bars, fmt="%.3g")
    panel.set_title(title)
    panel.margins(y=0.15)
    panel.tick_params(axis="x", labelsize=8)

plt.show()

# %% [markdown]
# ## What was learned
#
# - Condition numbers of A, G and B change with scalings that change no result; compare none of them across libraries.
# - cond_2(V) misorders the sets one would choose from. The noise gain is proportional to the measured error.
# - cond_2($B^T$) with balanced rows is a good ranking, without a size.
#
# Read on: [4. Base change](04_base_change.ipynb); `wincraft/measure/noise.py` and `conditioning.py`.
