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
# # 7. The 8-bit network
#
# What the stages of [5](05_eight_bits.ipynb) do to a whole network: ResNet-20 on CIFAR-10, its 3x3 convolutions
# replaced by quantised Winograd convolution, tested on 10,000 images. The runs take hours and are not repeated; this
# notebook reads their results, one line per network, from `experiments/results/cpu.csv`. `docs/cifar10.md` says how
# they were made and how to make them again.

# %%
import csv
import os
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path
from statistics import mean

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

plt.style.use("wincraft.mplstyle")

# %%
path = Path(os.environ.get("WINCRAFT_RESULTS", "../experiments/results/cpu.csv"))
runs = list(csv.DictReader(path.open(encoding="utf-8"))) if path.exists() else []
if not runs:
    print(f"{path.name} is not there: the tables and plots below are empty")
seeds = sorted({run["seed"] for run in runs})
print(f"{len(runs)} networks, seeds {', '.join(seeds)}")

# %% [markdown]
# ## Accuracy against direct convolution in 8 bits
#
# `points` is the difference to direct 8-bit convolution of the same network, in percentage points of accuracy, and ±
# the half width of its 95 % interval over the seeds.


# %%
def summed(stage):
    """Label to (accuracy, difference, half width or nan, seeds), direct convolution left out."""
    groups = defaultdict(list)
    for run in runs:
        if run["stage"] == stage and run["case"] != "direct":
            difference = 100 * (int(run["gained"]) - int(run["lost"])) / int(run["images"])
            groups[run["label"]].append((float(run["accuracy"]), difference))
    found = {}
    for label, values in groups.items():
        differences = np.array([difference for _, difference in values])
        width = np.nan
        if len(values) > 1:
            width = stats.t.ppf(0.975, len(values) - 1) * differences.std(ddof=1) / len(values) ** 0.5
        found[label] = (mean(accuracy for accuracy, _ in values), differences.mean(), width, len(values))
    return found


def show(stage):
    """The cases of a stage, from the best on."""
    direct = [float(run["accuracy"]) for run in runs if run["stage"] == stage and run["case"] == "direct"]
    if not direct:
        print(f"{stage}: no results yet")
        return
    print(f"{stage}: direct convolution in 8 bits {mean(direct):.2f} %\n")
    print(f"{'':<52}{'accuracy':>9}{'points':>8}{'±':>7}{'seeds':>7}")
    for label, (accuracy, difference, width, count) in sorted(summed(stage).items(), key=lambda item: -item[1][1]):
        shown = "" if np.isnan(width) else f"{width:.2f}"
        name = label.replace(",3x3)", "").replace("F(", "F ", 1)
        print(f"{name:<52}{accuracy:>9.2f}{difference:>+8.2f}{shown:>7}{count:>7}")


show("untrained")

# %%
show("trained")

# %% [markdown]
# The same as a plot; the scale is linear within one point of direct convolution and logarithmic beyond. Filled marks
# have 8 bits for the summed products M, open ones 9 or more. Rows by their result for F(4x4,3x3).


# %%
def rows_of(found):
    """Row name to tile to list of (bits, difference, half width)."""
    rows = defaultdict(lambda: defaultdict(list))
    for label, (_, difference, width, _) in found.items():
        size, _, name = label.partition(": ")
        if name:
            tile, _, bits = size.partition(", M ")
            rows[name][tile[2:5]].append((int(bits.split()[0]), difference, width))
    return rows


def draw(stage):
    """One panel per tile, one line per row."""
    found = rows_of(summed(stage))
    rows = dict(sorted(found.items(), key=lambda item: -max(d for _, d, _ in item[1].get("4x4") or [(8, 0, 0)])))
    tiles = sorted({tile for by_tile in rows.values() for tile in by_tile})
    if not tiles:
        print(f"{stage}: no results yet")
        return
    figure, panels = plt.subplots(
        1, len(tiles), figsize=(2.4 + 2.6 * len(tiles), 0.9 + 0.27 * len(rows)), sharey=True, squeeze=False
    )
    for panel, tile in zip(panels[0], tiles, strict=True):
        for place, by_tile in enumerate(rows.values()):
            for bits, difference, width in by_tile.get(tile, []):
                shift = 0.18 if bits > 8 else -0.18
                panel.errorbar(
                    max(difference, -80),
                    place + shift,
                    xerr=0 if np.isnan(width) else width,
                    fmt="os^"[bits - 8],
                    color="black",
                    mfc="black" if bits == 8 else "white",
                    ms=5,
                    capsize=2,
                    lw=0.8,
                )
        panel.axvline(0, color="black", lw=0.8)
        panel.set_xscale("symlog", linthresh=1)
        panel.set(title=f"F({tile},3x3)", xlim=(-100, 3), xticks=[-80, -10, -1, 0, 1], xlabel="points")
        panel.set_xticklabels(["-80", "-10", "-1", "0", "1"])
        panel.grid(axis="x", lw=0.3)
    panels[0][0].set_yticks(range(len(rows)), list(rows))
    panels[0][0].invert_yaxis()
    figure.suptitle(f"{stage}: against direct convolution in 8 bits")


draw("untrained")

# %%
draw("trained")

# %% [markdown]
# ## What predicts it
#
# The simulation of one layer on white data, without any network, already orders the rows. Below: measured SQNR of
# F(4x4,3x3) on 16 channels of Gaussian data under each row's scheme, beside the untrained network's loss.

# %%
import wincraft as wc
from wincraft.analysis.schemes import parse_scheme
from wincraft.analysis.simulation import simulate
from wincraft.analysis.workload import Workload

USUAL, QUADRATIC = "0,1,-1,2,-2", "0,1,-1,x^2+1,inf"
cases = {
    "canonical": (USUAL, "wincnn", "barabasz-2020-8"),
    "canonical, pow2": (USUAL, "pow2", "barabasz-2020-8"),
    "canonical, per tap": (USUAL, "wincnn", "tapwise-8"),
    "best points, pow2": (None, "pow2", "barabasz-2020-8"),
    "best points, per tap": (None, "wincnn", "tapwise-8"),
    "quadratic, pow2": (QUADRATIC, "pow2", "barabasz-2020-8"),
    "quadratic, per tap": (QUADRATIC, "wincnn", "tapwise-8"),
}
losses = {
    name: {bits: value for bits, value, _ in tiles.get("4x4", [])}
    for name, tiles in rows_of(summed("untrained")).items()
}
figure, ax = plt.subplots(figsize=(6.8, 3.4))
for place, (name, (moduli, convention, scheme)) in enumerate(cases.items()):
    F = wc.parse("F(4x4,3x3)", moduli=moduli, convention=convention)
    decibels = simulate(F, parse_scheme(scheme), Workload(16, 8, 64).batch(F)).decibels
    loss = losses.get(name, {}).get(8)
    if loss is not None:
        ax.plot(decibels, loss, "osD^vP*"[place], color="black", mfc="white", ms=8, label=name)
ax.set_yscale("symlog", linthresh=1)
ax.set(
    xlabel="SQNR of one layer on white data, dB",
    ylabel="points against direct",
    ylim=(-100, 1),
    yticks=[-80, -10, -1, 0],
    yticklabels=["-80", "-10", "-1", "0"],
)
ax.grid(lw=0.3)
if ax.lines:
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))

plt.show()

# %% [markdown]
# ## A network of one's own
#
# `convert` replaces the convolutions of any network, `calibrate` sets the scales from images, `report` says layer by
# layer what was lost. The cells below need PyTorch (`pip install "wincraft[torch]"`) and are skipped without it. The
# network is small and random; put a trained one in its place.

# %%
torch_is_here = find_spec("torch") is not None
if torch_is_here:
    import torch
    from torch import nn

    from wincraft.torch import calibrate, convert, report

    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )
    images = torch.randn(32, 3, 24, 24)
else:
    print("PyTorch is not installed: skipped")

# %%
if torch_is_here:
    quantised = convert(model, "F(4x4,3x3)", "tapwise-8")
    calibrate(quantised, [images])
    with torch.no_grad():
        difference = (quantised(images) - model(images)).abs().max()
    print(f"largest difference of an answer: {difference:.4f}")

# %%
report(quantised, [images]) if torch_is_here else None

# %%
if torch_is_here:
    for name, layer in quantised.named_children():
        if hasattr(layer, "note") or hasattr(layer, "algorithm"):
            print(name, getattr(layer, "note", "") or layer.algorithm)

# %% [markdown]
# ## What was learned
#
# - With one scale per stage and 0, ±1, ±2 the untrained network with F(4x4,3x3) answers at random; scaling by powers of
#   two or a scale per tap repairs most of it, and better points more, at no cost.
# - A simulation of one layer tells the order before a network is touched.
#
# Read on: `docs/cifar10.md` for the experiment and how certain it is, `docs/torch.md` for the layers.
