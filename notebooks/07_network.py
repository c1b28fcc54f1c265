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
import sys
from importlib.util import find_spec
from math import isnan
from pathlib import Path

import matplotlib.pyplot as plt

sys.path.append("..")  # the experiment lies beside the notebooks

from experiments.plots import plot_curves, plot_differences
from experiments.results import curves_of, read_csv, read_curves, summaries

plt.style.use("wincraft.mplstyle")
# %matplotlib inline

# %%
folder = Path("../experiments/results")
runs = read_csv(folder / "cpu.csv")
print(f"{len(runs)} networks, seeds {', '.join(sorted({str(run.seed) for run in runs}))}")

# %% [markdown]
# ## Accuracy against direct convolution in 8 bits
#
# `points` is the difference to direct 8-bit convolution of the same network, in percentage points of accuracy, and ±
# the half width of its 95 % interval over the seeds.


# %%
def show(stage):
    """The cases of a stage, from the best on."""
    found = summaries(runs, stage)
    print(f"{stage}: direct convolution in 8 bits {found[0].accuracy:.2f} %\n")
    print(f"{'':<52}{'accuracy':>9}{'points':>8}{'±':>7}{'seeds':>7}")
    for item in sorted(found[1:], key=lambda item: -item.difference):
        width = "" if isnan(item.over_seeds) else f"{item.over_seeds:.2f}"
        name = item.label.replace(",3x3)", "").replace("F(", "F ", 1)
        print(f"{name:<52}{item.accuracy:>9.2f}{item.difference:>+8.2f}{width:>7}{item.seeds:>7}")


show("untrained")

# %%
show("trained")

# %% [markdown]
# The same as a plot; the scale is linear within one point of direct convolution and logarithmic beyond. Circles have
# 8 bits for the summed products M, squares 9, triangles 10.

# %%
plot_differences(summaries(runs, "untrained"), "untrained: against direct convolution in 8 bits")

# %%
plot_differences(summaries(runs, "trained"), "trained: against direct convolution in 8 bits")

# %% [markdown]
# How the networks were trained: those in floating point, then under their own arithmetic (dashes: M of 9 bits; grey:
# direct convolution), then for a whole epoch.

# %%
curves = read_curves(folder / "cpu-curves.csv")
plot_curves(curves_of("float", curves))

# %%
plot_curves(curves_of("trained", curves))

# %%
plot_curves(curves_of("trained", read_curves(folder / "cpu-epoch-curves.csv")))

# %% [markdown]
# ## What predicts it
#
# The simulation of one layer on white data, without any network, already orders the rows. Below: measured SQNR of
# F(4x4,3x3) on 16 channels of Gaussian data under each row's scheme, beside the untrained network's loss.

# %%
import wincraft as wc
from wincraft.quantise import Workload, parse_scheme, simulate

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
untrained = {item.label: item.difference for item in summaries(runs, "untrained")}
figure, ax = plt.subplots(figsize=(6.8, 3.4))
for place, (name, (moduli, convention, scheme)) in enumerate(cases.items()):
    F = wc.parse("F(4x4,3x3)", moduli=moduli, convention=convention)
    decibels = simulate(F, parse_scheme(scheme), Workload(16, 8, 64).batch(F)).decibels
    loss = untrained[f"F(4x4,3x3), M 8 bits: {name}"]
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
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))

plt.show()

# %% [markdown]
# ## A network of one's own
#
# `convert` replaces the convolutions of any network, `calibrate` sets the scales from images, `network_report` says
# layer by layer what was lost. The cells below need PyTorch (in a clone `pip install ".[torch]"`) and are skipped
# without it. The network is small and random; [12](12_your_network.ipynb) is for one of your own.

# %%
torch_is_here = find_spec("torch") is not None
if torch_is_here:
    import torch
    from torch import nn

    from wincraft.torch import calibrate, convert, network_report

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
network_report(quantised, [images]) if torch_is_here else None

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
# - With x^2 + 1 everything fits 8 bits: less than 0.2 points are lost untrained, nothing that could be told trained.
#   F(6x6,3x3) of rank 10 with a scale per tap loses 0.1.
# - Base change does nothing for the untrained network. In training it is learned matrices and a ninth bit of M that
#   help, in the canonical base no less than in Legendre's; both stay far below better points or scalings.
# - A simulation of one layer tells the order before a network is touched.
#
# Read on: `docs/cifar10.md` for the experiment and how certain it is, `docs/torch.md` for the layers.
