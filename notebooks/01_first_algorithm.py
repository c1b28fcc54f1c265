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
# # 1. A first F(4,3), its proof, and a C header
#
# F(4,3) computes four outputs of a filter with three taps from six inputs with six multiplications instead of twelve:
# $y = A^T[(G g) \odot (B^T d)]$. The three matrices come from interpolation points. This notebook makes them, proves
# them, breaks them, and takes them through a C compiler and back.

# %%
import matplotlib.pyplot as plt
import numpy as np

import wincraft as wc

plt.style.use("wincraft.mplstyle")

# %%
f = wc.winograd(4, 3, points="0,1,-1,2,-2")
f

# %% [markdown]
# The entries are exact rational numbers. Nothing was rounded and nothing taken on trust: the constructor of the type
# checks the identity below before it returns.

# %%
print(repr(f))
print(f.verify())

# %% [markdown]
# ## What was proved
#
# Three matrices compute the convolution of *every* signal with *every* filter if and only if
#
# $$\sum_k A^T_{ik}\,G_{kj}\,B^T_{kl} = [\,l = i + j\,]\qquad\text{for all } i < 4,\ j < 3,\ l < 6.$$
#
# Those are 72 equations between rational numbers, here once more by hand. Output $i$ must read input $l = i + j$ with
# tap $j$, and nothing else.

# %%
AT, G, BT = f.to_numpy(object)  # entries are Fractions
tensor = np.einsum("ik,kj,kl->ijl", AT, G, BT)

figure, panels = plt.subplots(1, 4, figsize=(8, 1.9))
for i, panel in enumerate(panels):
    panel.imshow(tensor[i].astype(float), cmap="Greys", vmin=0, vmax=1)
    panel.set(title=f"output {i}", xlabel="input l", xticks=range(6), yticks=range(3))
panels[0].set_ylabel("tap j")

sorted({str(value) for value in tensor.ravel()})

# %% [markdown]
# ## What a wrong entry does
#
# One sign of $B^T$ is flipped. The matrices are refused, and the message says which row to replace by what.

# %%
wrong = f.BT.copy()
wrong[3, 0] = -wrong[3, 0] + 1
try:
    wc.Algorithm.from_matrices(f.AT.tolist(), f.G.tolist(), wrong.tolist())
except wc.WincraftError as error:
    print(f"{type(error).__name__}: {error}")

# %% [markdown]
# ## One tile, and a signal
#
# One tile is exact. A signal is cut into overlapping tiles of six, four outputs each; in float64 the difference to the
# direct sum is rounding.

# %%
f.apply([1, 2, 3, 4, 5, 6], [1, 0, "-1/2"])

# %%
rng = np.random.default_rng(1)
signal = np.cumsum(rng.standard_normal(120))
smooth = np.array([0.25, 0.5, 0.25])
fast = f.convolve(signal[None, None], smooth[None, None])[0, 0]
direct = np.correlate(signal, smooth, mode="valid")

figure, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(6.4, 3.6), height_ratios=[2, 1])
top.plot(signal[1:-1], color="0.7", label="signal")
top.plot(fast, label="F(4,3)")
top.legend()
bottom.plot(fast - direct, lw=0.8)
bottom.set(xlabel="output", ylabel="against direct")
plt.show()

# %% [markdown]
# ## Which product amplifies rounding
#
# The *noise gain* is the variance of the output error for independent relative rounding errors of the six products,
# over that of direct convolution. It is an exact number, does not change with the scaling of the rows, and is a sum
# over the taps.

# %%
f.plot()
plt.show()

# %% [markdown]
# ## To C
#
# In two dimensions one F(4,3) per axis is nested: F(4x4,3x3), 36 products for 16 outputs. The header has tables and
# transform functions in float, double and integers; bounds and operation counts stand in the comments.

# %%
F = wc.parse("F(4x4,3x3)", points="0,1,-1,2,-2")
header = wc.render(F, "c")
print("\n".join(header.splitlines()[:9]), "\n...")
start = header.index("static const float wincraft_f4x4_3x3_BT_f32")
print(header[start : header.index("};", start) + 2])

# %% [markdown]
# Where there is a C compiler, it compiles the header (C99, all warnings as errors) and convolves one tile; integers
# agree to the last bit.

# %%
import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCE = """
#include "f4x4.h"
void tile(const float *d, const float *g, float *y)
{
    float U[36], V[36], M[36];
    wincraft_f4x4_3x3_filter_f32(g, V);
    wincraft_f4x4_3x3_input_f32(d, 6, U);
    for (int k = 0; k < 36; ++k) M[k] = U[k] * V[k];
    wincraft_f4x4_3x3_output_f32(M, y, 4);
}
"""


def compiled(folder):
    """The function `tile` of SOURCE."""
    Path(folder, "f4x4.h").write_text(header)
    Path(folder, "tile.c").write_text(SOURCE)
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-shared", "-fPIC"]
    subprocess.run(["cc", *flags, "tile.c", "-o", "tile.so"], cwd=folder, check=True)
    return ctypes.CDLL(str(Path(folder, "tile.so"))).tile


if shutil.which("cc"):
    d, g = rng.integers(-9, 10, (6, 6)), 6 * rng.integers(-9, 10, (3, 3))
    y = np.zeros((4, 4), np.float32)
    pointers = [np.ascontiguousarray(item, np.float32).ctypes.data_as(ctypes.c_void_p) for item in (d, g)]
    with tempfile.TemporaryDirectory() as folder:
        compiled(folder)(*pointers, y.ctypes.data_as(ctypes.c_void_p))
    exact = np.array(F.apply(d.tolist(), g.tolist()), dtype=float)
    print("largest difference to the exact tile, of values up to", f"{abs(exact).max():.0f}:", abs(y - exact).max())
else:
    print("no C compiler here")

# %% [markdown]
# ## And back
#
# The tables of a header are rounded floats. `identify` finds the exact algorithm that they are the rounding of: its
# points, scaling and convention. It works for the tables of any library; what it returns is proved.


# %%
import re


def table(name):
    """The rows of one table of the header, as floats."""
    start = header.index(f"wincraft_f4x4_3x3_{name}_f32[")
    rows = re.findall(r"^    \{(.*?)\}", header[start : header.index("};", start)], re.MULTILINE)
    return [[np.float32(value.strip("F ")) for value in row.split(",")] for row in rows]


found = wc.identify(table("AT"), table("G"), table("BT"))
print(found)
found.algorithm == f

# %% [markdown]
# ## What was learned
#
# - An algorithm is three exact matrices, and 72 equations prove it; a wrong entry is found and named.
# - Float tables are a rounding of it, and lead back to it.
#
# Read on: [2. Why points matter](02_points.ipynb). The core type is `wincraft/algorithm/bilinear.py`, the proof
# `wincraft/algorithm/proof.py`.
