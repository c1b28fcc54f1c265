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
# # 11. Tolerance and certificate: what a test sees, and what a proof says
#
# A kernel in low precision is never exact, so its test has a tolerance, mostly found by trial. This notebook computes
# it: at a stated rate of false alarms, with the faults that still pass. What is exact, the algorithm itself, needs no
# tolerance; it has a certificate that a proof assistant checks.

# %%
import csv
import re
import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import wincraft as wc
from wincraft.emit.coq.checking import check_certificate
from wincraft.quantise import Workload, simulate, tolerance

plt.style.use("wincraft.mplstyle")

# %% [markdown]
# ## The tolerance
#
# F(4x4,3x3) on 0, ±1, ±2 with operands in fp16 and sums in fp32, 64 channels of Gaussian data. Limits are those of
# `numpy.allclose`. `loud` asks for tensors on which faults show, see below.

# %%
F = wc.parse("F(4x4,3x3)", points="0,1,-1,2,-2", convention="lavin")
found = tolerance(F, "fp16-fp32acc", channels=64, loud=True, pilot_outputs=2**16)
found

# %% [markdown]
# ## Where it comes from
#
# The law of the errors: at every place in the tile their moments, far into the tail a normal law whose variance varies
# with the data. Below, the share of outputs whose error exceeds a size: simulated on fresh data, and by the law. What
# no correct kernel exceeds on these data, even if all roundings conspire, is the hard bound; it is far out.

# %%
batch = Workload(64, 8, 2048, seed=7).batch(F)
run = simulate(F, "fp16-fp32acc", batch)
errors = np.sort(np.abs(run.outputs - batch.reference).ravel())[::-1]
shares = np.arange(1, errors.size + 1) / errors.size

figure, ax = plt.subplots(figsize=(7.2, 3.6))
ax.plot(errors, shares, color="black", lw=2, label=f"simulated, {errors.size:,} outputs")
rates = np.geomspace(0.5, 1e-12, 40)
ax.plot([found.error(rate) for rate in rates], rates, color="black", ls="--", marker="o", mfc="white", ms=4,
        markevery=4, label="law of the errors")  # fmt: skip
ax.axvline(found.limits.atol, color="black", ls=":", lw=1.2)
ax.annotate("atol at 1e-9", (found.limits.atol, 1e-2), (5, 0), textcoords="offset points", fontsize=9)
ax.axvline(found.bound, color="black", ls="-.", lw=1.2)
ax.annotate("hard bound", (found.bound, 1e-5), (-5, 0), textcoords="offset points", fontsize=9, ha="right")
ax.set(xscale="log", yscale="log", xlim=(1e-4, 2), ylim=(1e-12, 2), xlabel="error", ylabel="share beyond")
ax.legend(loc="lower left")
plt.show()

# %% [markdown]
# How the rates hold on fresh data was counted for many cells (`scripts/false_alarms.py` made
# `docs/data/false-alarms.csv`). One is what was asked for; bars are two standard deviations of the count.

# %%
with Path("../docs/data/false-alarms.csv").open(newline="") as file:
    cells = list(csv.DictReader(file))
figure, ax = plt.subplots(figsize=(7.2, 3.2))
for number, scheme in enumerate(sorted({cell["scheme"] for cell in cells})):
    mine = [(place, cell) for place, cell in enumerate(cells) if cell["scheme"] == scheme]
    ratios = [float(cell["alarms over expected"]) for _, cell in mine]
    widths = [2 * ratio / np.sqrt(max(int(cell["alarms"]), 1)) for ratio, (_, cell) in zip(ratios, mine, strict=True)]
    ax.errorbar([place for place, _ in mine], ratios, widths, fmt="osD"[number], color="black", mfc="white", ms=5,
                elinewidth=0.7, label=scheme)  # fmt: skip
ax.axhline(1, color="black", lw=0.8, ls="--")
first = next(place for place, cell in enumerate(cells) if float(cell["rate"]) < 1e-5)
ax.axvline(first - 0.5, color="black", lw=0.8, ls=":")
ax.annotate("rate 1e-6", (first - 0.3, 3.3), fontsize=9)
ax.annotate("rate 1e-4", (first - 0.7, 3.3), fontsize=9, ha="right")
ax.set(ylabel="false alarms over expected", ylim=(0, 3.6), xticks=[], xlabel="algorithm, data and channels")
ax.legend(loc="upper left", ncols=3)
plt.show()

# %% [markdown]
# ## What the test sees
#
# A test is for faults: a wrong entry of a matrix. For every entry, the least relative change that the test sees with
# 99 %: on random data with one limit for all outputs, and on the loud tensors, of few channels that are not zero.

# %%
figure, ax = plt.subplots(figsize=(7.2, 3.4))
names = [change.site.name for change in found.limits.seen]
order = np.argsort([change.least for change in found.limits.seen])
random = np.array([change.least for change in found.limits.seen])[order]
loud = np.array([change.least for change in found.loud.seen])[order]
ax.semilogy(100 * random, "o", color="black", mfc="white", ms=5, label="random data")
ax.semilogy(100 * loud, "x", color="black", ms=5, label="loud tensors")
ax.axhline(1, color="black", lw=0.8, ls="--")
ax.annotate("1 %", (len(order) - 1, 1), (0, 3), textcoords="offset points", ha="right", fontsize=9)
ax.set(xlabel="entries of $A^T$, $G$ and $B^T$, the loudest first", ylabel="least change seen, %")
ax.legend(loc="upper left")
plt.show()
hidden = names[order[-1]]
print(
    f"{hidden} hides a change of {100 * random[-1]:.2g} % in random data, of {100 * loud[-1]:.1g} % in the loud tensors"
)

# %% [markdown]
# The constants go into a test as they are:

# %%
print(found.constants("python"))

# %% [markdown]
# ## The certificate
#
# None of this is about the algorithm: its matrices are exact, and wincraft proves them. Whoever does not want to trust
# wincraft has the same statements checked by Coq, without axioms: the identity, the exact division, the ranges of
# integers and the channels that an accumulator holds, and the circuits of the C header.

# %%
small = wc.parse("F(2x2,3x3)", convention="integer")
certificate = wc.render(small, "coq")
for name in ("convolution", "division", "products_fit"):
    print(re.search(rf"Theorem {name} .*?\.\n", certificate, re.DOTALL)[0])

# %%
if shutil.which("coqc"):
    print(check_certificate(certificate))
else:
    print("Coq is not installed: not checked here (Debian: apt install coq)")

# %% [markdown]
# One wrong sign in the data of the certificate, and Coq refuses it:

# %%
start = certificate.index("Definition")
wrong = certificate[:start] + certificate[start:].replace("-1", "1", 1)
if shutil.which("coqc"):
    try:
        check_certificate(wrong)
    except wc.WincraftError as error:
        print(f"{type(error).__name__}: {str(error)[:300]}")

# %% [markdown]
# ## What was learned
#
# - A tolerance follows from the algorithm, the scheme and the data; it need not be tried out.
# - On random data a test in 16 bits passes many wrong entries; loud tensors let every change of 1 % show.
# - Rounding has a law and a bound, the algorithm a proof that needs no trust in who made it.
#
# Read on: [12. A network of your own](12_your_network.ipynb); `docs/how-to/test-tolerance.md`,
# `docs/explanation/certificates.md`.
