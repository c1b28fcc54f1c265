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
# # 5. Eight bits, stage by stage
#
# In quantised inference every stage of the convolution is stored in 8 bits: the data and the weights, both transformed
# ($U = B^T d B$ and $V = G g G^T$), their products summed over the channels, $M$, and the output. What is lost depends
# on the *scales*: one per tensor, one per tap, or one per tap that is a power of two.

# %%
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.cbook import get_sample_data
from PIL import Image

import wincraft as wc
from wincraft.quantise import SCHEMES, Layer, Workload, evaluate, parse_scheme, simulate, simulate_direct

plt.style.use("wincraft.mplstyle")

# %%
F = wc.parse("F(4x4,3x3)", points="0,1,-1,2,-2")
schemes = {
    "one per tensor": SCHEMES["barabasz-2020-8"],
    "one per tap": SCHEMES["tapwise-8"],
    "per tap, powers of two": parse_scheme("tapwise-pow2,M=int8/tap/pow2"),
}
for name, scheme in schemes.items():
    print(f"{name}:\n  {scheme.describe()}")

# %% [markdown]
# ## White data: where the noise comes from
#
# The predicted noise by stage, for 64 channels of Gaussian data, and in the title the signal-to-noise ratio, predicted
# and measured bit by bit. Beside each stage is the SQNR in dB that would remain if it alone were rounded.

# %%
found = {name: evaluate(F, scheme, Workload()) for name, scheme in schemes.items()}
figure, panels = plt.subplots(3, 1, figsize=(6.4, 7))
for panel, (name, evaluation) in zip(panels, found.items(), strict=True):
    evaluation.plot(panel)
    predicted, measured, direct = evaluation.predicted.decibels, evaluation.measured, evaluation.direct
    panel.set_title(f"{name}: predicted {predicted:.1f}, measured {measured:.1f}, direct {direct:.1f} dB")

plt.show()

# %% [markdown]
# With one scale per tensor the products of the small taps are lost: the largest tap decides the step for all. The plot
# shows the largest value that each tap's 8 bits can hold, calibrated: with one scale it is the same for all taps, with
# a scale per tap it follows them.

# %%
figure, panels = plt.subplots(1, 2, figsize=(8.5, 3), sharey=True)
for panel, name in zip(panels, ("one per tensor", "one per tap"), strict=True):
    found[name].simulation.plot(panel)
    panel.get_legend().remove()
panels[1].set_ylabel("")
panels[1].legend(loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# ## A photograph
#
# White data have no neighbours; images do. The photograph of Grace Hopper (U.S. Navy, public domain) comes with
# matplotlib. It is filtered with a sharpening filter and two edge filters, with every scheme. The three colours are the
# channels. What direct convolution loses here is mostly the rounding of the weights, 5/3 and -1/3, to one step.

# %%
with get_sample_data("grace_hopper.jpg") as file:
    photograph = np.asarray(Image.open(file).convert("RGB").crop((110, 20, 366, 276)), dtype=float)
data = np.moveaxis(photograph / 255 - 0.5, -1, 0)[None]

sharpen = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]) / 3
edges = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]]) / 6
weights = np.stack([np.stack([kernel] * 3) for kernel in (sharpen, edges, edges.T)])
layer = Layer(data, weights, padding=1)
batch = layer.batch(F)
data.shape, weights.shape, batch.data.shape


# %%
def image(outputs, number=0):
    """The outputs (4, 4, K, tiles) of one filter as an image of 64 x 64 tiles."""
    return outputs[:, :, number].reshape(4, 4, 64, 64).transpose(2, 0, 3, 1).reshape(256, 256)


runs = {"direct, 8 bits": simulate_direct(F, SCHEMES["tapwise-8"], batch)}
runs |= {name: simulate(F, scheme, batch) for name, scheme in schemes.items()}
exact = runs["direct, 8 bits"].reference


def decibels(run):
    """SQNR of the first filter's image."""
    return -10 * np.log10(((run.outputs - exact)[:, :, 0] ** 2).sum() / (exact[:, :, 0] ** 2).sum())


figure, panels = plt.subplots(2, 4, figsize=(10, 5.5))
for (name, run), (top, bottom) in zip(runs.items(), panels.T, strict=True):
    top.imshow(image(run.outputs), vmin=-0.9, vmax=0.9)
    top.set_title(f"{name}\nSQNR {decibels(run):.1f} dB")
    bottom.imshow(image(run.outputs - exact), vmin=-0.2, vmax=0.2)
    bottom.set_title("error, from -0.2 to 0.2")
for panel in panels.ravel():
    panel.axis("off")

plt.show()

# %% [markdown]
# The errors have a pattern of 4 x 4: an output of a tile sees other taps than its neighbour. It shows best in a detail
# of the sharpened image.

# %%
figure, panels = plt.subplots(1, 4, figsize=(11, 3))
for panel, (name, run) in zip(panels, runs.items(), strict=True):
    panel.imshow(image(run.outputs)[60:124, 90:154], vmin=-0.9, vmax=0.9, interpolation="nearest")
    panel.set_title(name)
    panel.axis("off")

plt.show()

# %%
position = np.sqrt(((runs["one per tap"].outputs - exact) ** 2).mean(axis=(2, 3)))
plain = np.sqrt(((runs["direct, 8 bits"].outputs - exact) ** 2).mean(axis=(2, 3)))
figure, panels = plt.subplots(1, 2, figsize=(7, 3.4))
for panel, (values, name) in zip(panels, ((plain, "direct"), (position, "one per tap")), strict=True):
    panel.imshow(values, cmap="Greys", vmin=0, vmax=1.5 * position.max())
    for (i, j), value in np.ndenumerate(values):
        panel.text(j, i, f"{1000 * value:.1f}", ha="center", va="center", fontsize=9)
    panel.set(title=f"{name}: RMS error x 1000", xticks=range(4), yticks=range(4))

plt.show()

# %% [markdown]
# ## Two repairs that cost nothing at run time
#
# Powers of two moved between the rows of $A^T$, $G$ and $B^T$ (`pow2`) bring the taps to one size, so that one scale
# serves them all; and better points need less. Both only change constants. SQNR of all three filters:

# %%
better = {
    "0, ±1, ±2": F,
    "the same,\npow2": wc.parse("F(4x4,3x3)", points="0,1,-1,2,-2", convention="pow2"),
    "the catalogue's\npoints": wc.parse("F(4x4,3x3)"),
    "these,\npow2": wc.parse("F(4x4,3x3)", convention="pow2"),
}
table = [[simulate(item, scheme, batch).decibels for scheme in schemes.values()] for item in better.values()]

figure, ax = plt.subplots(figsize=(7.5, 3.2))
for place, (name, hatch) in enumerate(zip(schemes, ("", "///", "..."), strict=True)):
    bars = ax.bar(
        np.arange(4) + 0.27 * (place - 1),
        [row[place] for row in table],
        0.25,
        color="white",
        edgecolor="black",
        hatch=hatch,
        label=name,
    )
    ax.bar_label(bars, fmt="%.1f", fontsize=8)
ax.axhline(0, color="black", lw=0.8)
ax.axhline(runs["direct, 8 bits"].decibels, color="black", ls="--", lw=1)
ax.annotate("direct, 8 bits", (3.45, runs["direct, 8 bits"].decibels), va="bottom", ha="right")
ax.set(xticks=range(4), xticklabels=better, ylabel="SQNR on the photograph, dB", ylim=(-8, 46))
ax.legend(loc="upper left", ncols=3)
plt.show()

# %% [markdown]
# ## What was learned
#
# - With one scale per tensor it is the stored products $M$ that cost most, because the taps differ in size.
# - A scale per tap repairs that; so do, with one scale, rows balanced by powers of two.
# - Points act on every scheme. The prediction knows all of it before anything is run.
#
# Read on: [6. Search and certificates](06_search.ipynb), and the schemes themselves in `wincraft/quantise/schemes.py`
# (`wincraft formats`).
