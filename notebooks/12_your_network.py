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
# # 12. A network of your own
#
# Take a PyTorch network, put Winograd convolutions of 8 bits in the place of its own, see layer by layer what it costs,
# choose better where it costs too much, and leave with C files. Put your network into the second cell; as it stands a
# small one is built there, so that everything runs.

# %%
from importlib.util import find_spec

import matplotlib.pyplot as plt

import wincraft as wc

plt.style.use("wincraft.mplstyle")
HERE = find_spec("torch") is not None
if HERE:
    import torch
    from torch import nn

    from wincraft.torch import calibrate, convert, export_c, network_report
else:
    print("PyTorch is not installed: all that follows is skipped (from a clone: pip install '.[torch]')")

# %% [markdown]
# ## Your network here
#
# `model` is any `nn.Module`, in evaluation mode; `images` are a batch as it is used to, a few dozen to set the scales
# from. A network of torchvision, for instance: `model = torchvision.models.resnet18(weights="DEFAULT").eval()`, and
# images of the size and normalisation that it was trained with.

# %%
if HERE:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Conv2d(32, 32, 3, padding=1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.Conv2d(64, 64, 3, padding=1, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 10),
    ).eval()
    for layer in model:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
    images = torch.nn.functional.avg_pool2d(torch.randn(16, 3, 26, 26), 3, 1)  # neighbours are alike, as in pictures
    images = images + torch.randn(16, 3, 1, 1)

# %% [markdown]
# ## Without loss first
#
# Converted without a scheme the network computes what it did, up to rounding in float32. The notes say what became of
# every layer; a stride becomes pieces of a plan where that takes fewer operations.


# %%
def answers(network):
    """What a network says of the images."""
    with torch.no_grad():
        return network(images)


if HERE:
    exact = convert(model, "F(4x4,3x3)", fold_bn=True)
    print(f"largest difference of an answer: {(answers(exact) - answers(model)).abs().max():.1e}")
    for name, layer in exact.named_modules():
        if isinstance(layer, nn.Conv2d):
            print(f"{name:<4} {getattr(layer, 'note', '') or layer.plan}")

# %% [markdown]
# ## Eight bits, layer by layer
#
# The order is fold, convert, calibrate, report. Every layer is measured on the input that the quantised network gives
# it; the prediction is made from the algorithm and the moments of the data.

# %%
CHOICES = {
    "0, ±1, ±2, one scale": ("0,1,-1,2,-2", "barabasz-2020-8"),
    "0, ±1, ±2, per tap": ("0,1,-1,2,-2", "tapwise-8"),
    "catalogue, per tap": (None, "tapwise-8"),
    "with x²+1, per tap": ("0,1,-1,x^2+1,inf", "tapwise-8"),
}


def quantised(moduli, scheme):
    """The network in 8 bits on these moduli, its scales set."""
    algorithm = wc.parse("F(4x4,3x3)", moduli=moduli)
    converted = convert(model, algorithm, scheme, fold_bn=True)
    calibrate(converted, [images])
    return converted


networks = {name: quantised(*choice) for name, choice in CHOICES.items()} if HERE else {}
reports = {name: network_report(network, [images]) for name, network in networks.items()}
reports.get("catalogue, per tap")

# %%
if HERE:
    figure, ax = plt.subplots(figsize=(7.6, 3.6))
    for number, (name, report) in enumerate(reports.items()):
        values = [layer.measured for layer in report.layers]
        style = {"color": f"C{number}", "ls": ("-", "--", "-.", ":")[number], "marker": "osD^"[number], "mfc": "white"}
        ax.plot(values, label=name, **style)
    ax.set(ylabel="SQNR of the layer, dB")
    ax.set_xticks(range(len(report.layers)), [f"layer {layer.name}" for layer in report.layers])
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    plt.show()

# %% [markdown]
# What reaches the answers: the error of the network's output against the network in float, over what the output varies
# from image to image, and how many images keep their first answer.

# %%
for name, network in networks.items():
    found, true = answers(network), answers(model)
    decibels = -10 * torch.log10(((found - true) ** 2).mean() / true.var(dim=0).mean())
    alike = (found.argmax(1) == true.argmax(1)).sum()
    print(f"{name:<22} {decibels:5.1f} dB, {alike} of {len(images)} answers alike")

# %% [markdown]
# ## Layer by layer
#
# An algorithm can be chosen for each layer: a function of its name and the layer. Here a layer with a stride stays
# direct, the worst of the report gets $x^2 + 1$, 49 products a tile instead of 36, and the others keep the catalogue's
# points.

# %%
if HERE:
    rows = reports["catalogue, per tap"].layers
    worst = min(rows, key=lambda row: row.measured).name


def choose(name, layer):
    """The algorithm of a layer, None for direct."""
    if layer.stride != (1, 1):
        return None
    return wc.parse("F(4x4,3x3)", moduli="0,1,-1,x^2+1,inf" if name == worst else None)


mixed = None
if HERE:
    mixed = convert(model, choose, "tapwise-8", fold_bn=True)
    calibrate(mixed, [images])
network_report(mixed, [images]) if HERE else None

# %% [markdown]
# ## To C
#
# A network whose layers are all of one piece leaves as three C files without dependencies that hold the same integers.
# Where there is a compiler they are compiled as C99.

# %%
import shutil
import subprocess
import tempfile
from pathlib import Path

if HERE:
    ready = convert(model, "F(4x4,3x3)", "tapwise-8", fold_bn=True, plans=False)
    calibrate(ready, [images])
    with tempfile.TemporaryDirectory() as folder:
        export_c(ready, folder, images)
        for path in sorted(Path(folder).iterdir()):
            print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")
        if shutil.which("cc"):
            flags = ["-std=c99", "-O1", "-Wall", "-Werror"]
            subprocess.run(["cc", *flags, "-c", "network.c", "-o", "network.o"], cwd=folder, check=True)
            print("compiled without a warning")

# %% [markdown]
# ## What was learned
#
# - `convert` says what became of every layer, and changes nothing until a scheme is given.
# - Points and scales are chosen by a report of one's own network, on one's own images, in seconds.
# - What was chosen leaves as C with the same integers.
#
# Read on: `docs/torch.md` for the layers and their options, `docs/how-to/pytorch-to-c.md` for the files,
# `docs/cifar10.md` for what training adds.
