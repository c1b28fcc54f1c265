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
# # 9. Kernels: how fast is it?
#
# Four times fewer products are not four times the speed: transforms take time, tiles do not always fit, memory is slow.
# wincraft writes whole convolution layers as two C files. This notebook shows how they fare beside the engines that pip
# installs, from saved measurements, and then times small layers on this machine.

# %%
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import wincraft as wc
from wincraft.emit.kernel.writing import default_points, write_kernel
from wincraft.measure import CORES
from wincraft.report import plan_layer

plt.style.use("wincraft.mplstyle")

# %% [markdown]
# ## Saved measurements
#
# `docs/kernels-speed.md` has the tables of a benchmark of minutes per layer, one core held to AVX2, every engine judged
# for right results before it was timed; it says how and on which machine. They are read from there.

# %%
page = Path("../docs/kernels-speed.md").read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")
avx2 = page[page.index("<!-- kernel speed: avx2 -->") :]


def times(title):
    """Milliseconds by engine and layer of the table under a title."""
    lines = avx2[avx2.index(title) :].split("\n\n")[1].splitlines()
    cells = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in lines]
    layers = cells[0][1:]
    return {
        row[0]: {layer: float(cell) for layer, cell in zip(layers, row[1:], strict=True) if cell != "-"}
        for row in cells[2:]
    }


float32, int8 = times("**float32**, times:"), times("**int8**, times:")
shown = ["64→64 56² N=1", "128→128 28² N=1", "256→256 14² N=1", "512→512 7² N=1", "3→64 224² N=1"]
print(f"{len(float32)} rows in float32, {len(int8)} in int8, {len(float32['ours, direct'])} layers")

# %% [markdown]
# How many times as long as the fastest of ours each engine takes. Left of the line an engine is faster. The last layer
# has three channels: nothing is gained there by Winograd, and an engine made for it wins.

# %%
figure, panels = plt.subplots(1, 2, figsize=(10, 4.2), sharex=True)
for panel, table, title in zip(panels, (float32, int8), ("float32", "int8"), strict=True):
    ours = {layer: min(row[layer] for name, row in table.items() if "ours" in name and layer in row) for layer in shown}
    engines = [name for name in table if "ours" not in name] + ["ours, direct"]
    for number, layer in enumerate(shown):
        spots = [
            (table[name][layer] / ours[layer], place) for place, name in enumerate(engines) if layer in table[name]
        ]
        panel.plot(*zip(*spots, strict=True), "osD^x"[number], color="black", mfc="none", ms=6, label=layer)
    panel.axvline(1, color="black", lw=1)
    panel.set(title=title, xscale="log", xlabel="time over the best of ours", yticks=range(len(engines)))
    panel.set_yticklabels(engines)
    panel.set_ylim(len(engines) - 0.5, -0.5)
    panel.grid(axis="y", lw=0.3)
    panel.xaxis.set_major_locator(plt.FixedLocator([0.7, 1, 1.5, 2, 3, 5, 8]))
    panel.xaxis.set_major_formatter("{x:g}")
    panel.xaxis.set_minor_locator(plt.NullLocator())
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=8)
plt.show()

# %% [markdown]
# ## Which tile for which layer?
#
# It depends on the image more than on anything else. `plan_layer` predicts the times of all tiles from a model of the
# processor. Predicted beside measured, for the layers above of one image and the tiles of both:

# %%
figure, ax = plt.subplots(figsize=(5.6, 4.2))
for number, layer in enumerate(shown[:4]):
    c, k, side = map(int, re.match(r"(\d+)→(\d+) (\d+)²", layer).groups())
    plan = plan_layer(f"{c},{k},{side},{side}", points="accuracy", core=CORES["zen5"])
    spots = []
    for item in plan.candidates:
        row = "ours, direct" if item.algorithm is None else f"ours, F{item.algorithm.m[0]}"
        if row in float32:
            spots.append((1000 * item.predicted.total, float32[row][layer]))
    ax.plot(*zip(*spots, strict=True), "osD^"[number], color="black", mfc="none", ms=6, label=layer)
ends = [0.3, 3]
ax.plot(ends, ends, color="black", lw=0.8)
ax.set(xscale="log", yscale="log", xlabel="predicted, ms", ylabel="measured, ms", xlim=ends, ylim=ends)
for axis in (ax.xaxis, ax.yaxis):
    axis.set_major_locator(plt.FixedLocator([0.3, 0.5, 1, 2, 3]))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(plt.NullLocator())
ax.legend()
plt.show()

# %%
plan_layer("64,64,28,28", "100dB")

# %% [markdown]
# ## On this machine
#
# Two files are written and compiled for this processor. Each holds its own test, of layers of all shapes against the
# definition, and its own benchmark; `direct` is the direct convolution of the same micro-kernels.

# %%
LAYERS = ((16, 56), (64, 28), (128, 14))
folder = tempfile.mkdtemp()
compiler = shutil.which("gcc") or shutil.which("cc")
measured = {}


def program(type):
    """The test and benchmark of F(4x4,3x3) of an element type, compiled."""
    _, source = write_kernel(wc.parse("F(4x4,3x3)", points=default_points(type)), folder, "conv2d", type)
    flags = ["-O2", "-march=native", "-ffp-contract=fast", f"-D{source.stem.upper()}_MAIN"]
    done = Path(folder, type)
    subprocess.run([compiler, *flags, str(source), "-o", str(done), "-lm"], check=True)
    return done


if compiler:
    for type in ("float32", "int8"):
        run = program(type)
        print(type, subprocess.run([run], check=True, capture_output=True, text=True).stdout.strip())
        for channels, side in LAYERS:
            words = ["bench", 1, side, side, channels, channels]
            out = subprocess.run([run, *map(str, words)], check=True, capture_output=True, text=True).stdout.split()
            measured[type, channels, side] = float(out[0]), float(out[1])
else:
    print("no C compiler here: the timing is skipped")

# %%
if measured:
    figure, ax = plt.subplots(figsize=(6.4, 3.2))
    for offset, type, hatch in ((-0.2, "float32", ""), (0.2, "int8", "///")):
        gains = [measured[type, *layer][1] / measured[type, *layer][0] for layer in LAYERS]
        places = np.arange(len(LAYERS)) + offset
        bars = ax.bar(places, gains, 0.36, color="white", edgecolor="black", hatch=hatch, label=type)
        ax.bar_label(
            bars, fmt="%.1f", fontsize=9, padding=2, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5}
        )
    ax.axhline(1, color="black", lw=0.8, ls="--", zorder=0)
    ax.axhline(4, color="black", lw=0.8, ls=":", zorder=0)
    ax.annotate("4 times fewer products", (2.4, 4), va="bottom", ha="right", fontsize=9)
    ax.set(xticks=range(len(LAYERS)), ylabel="direct : F(4x4,3x3)", ylim=(0, 5))
    ax.set_xticklabels([f"{channels} channels\n{side} x {side}" for channels, side in LAYERS])
    ax.legend(loc="upper left", ncols=2)
    plt.show()
shutil.rmtree(folder)

# %% [markdown]
# Few channels do not fill wide vectors: in int8 16 channels lose with those of AVX-512, and win with `--lanes 8`
# (`lanes=8` of `write_kernel`).

# %% [markdown]
# ## What was learned
#
# - From 64 channels on F(4x4,3x3) is two and a half times to nearly four times as fast as the direct convolution of the
#   same code. Held to AVX2 it or another tile is ahead of every engine of the list but where there are three channels.
# - The largest tile is not the fastest: whole tiles in the image, channels and the cache decide, and `wincraft plan`
#   says so beforehand.
# - int8 is exact, so that it can be compared with the definition bit by bit.
#
# Read on: [10. Plans and rings](10_plans_and_rings.ipynb); `docs/kernels-speed.md` has all tables, with what was
# lost, `docs/how-to/kernels-in-c.md` how a program calls the files.
