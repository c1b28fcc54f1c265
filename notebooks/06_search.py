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
# # 6. Search, certificates and the Pareto front
#
# Which points are best, and how does one know? A search of a finite space gives the best set with a proof; a bound over
# all real sets says how much any search could still gain; and where accuracy is not everything, a front shows what can
# be had for what.

# %%
import json

import matplotlib.pyplot as plt

import wincraft as wc
from wincraft.search import certify, pareto_of_space, recheck

plt.style.use("wincraft.mplstyle")

# %% [markdown]
# ## A space and its best set
#
# All symmetric sets for F(6,3) whose points are 0, ±a/b with a, b up to 10: 39,711 sets. Branch and bound evaluates few
# of them; a lower bound excludes the rest. `within` lists all sets near the best.

# %%
space = wc.Space(6, 3, shape="symmetric", zero="with", height=10)
result = wc.search(space, within=0.05)
result

# %% [markdown]
# The result is a document that anyone can check without trusting the search: values are computed again from the proved
# algorithms, and the space is searched again by the other strategy, whose formula is another one.

# %%
document = json.loads(json.dumps(result.document()))
for line in recheck(document, "result"):
    print("-", line)

# %%
document["best"]["points"][1:3] = ["3/4", "-3/4"]
try:
    recheck(document, "forged result")
except wc.WincraftError as error:
    print(f"{type(error).__name__}: {error}")

# %% [markdown]
# ## How much a larger space would gain
#
# A theorem about all real sets of the class. It is proved by branch and bound over boxes of angles, every rounding
# error of the bound allowed for.

# %%
limit = certify(4, 3, "symmetric")
limit

# %%
heights = range(1, 13)
best = []
for height in heights:
    try:
        best.append(wc.search(wc.Space(4, 3, shape="symmetric", zero="with", height=height)).best)
    except wc.WincraftError:  # too few points for a set
        best.append(None)

figure, ax = plt.subplots()
shown = [
    (height, 100 * (item.approximate / limit.upper - 1)) for height, item in zip(heights, best, strict=True) if item
]
ax.plot(*zip(*shown, strict=True), "ko-", drawstyle="steps-post", ms=4)
for (height, value), (_, before) in zip(shown[1:], shown, strict=False):
    if value < before:
        points = [point for point in best[height - 1].moduli if point not in ("0", "inf") and point[0] != "-"]
        ax.annotate("±" + ", ±".join(points), (height, value), (6, 8), textcoords="offset points", fontsize=9)
ax.set(xlabel="height: points a/b with a, b up to it", ylabel="% above the best real set", yscale="log", xlim=(1.5, 14))
ax.yaxis.set_major_formatter("{x:g}")
ax.set_title("F(4,3): noise gain of the best symmetric set of each height")
plt.show()

# %% [markdown]
# Height 3 is enough: 0, ±2/3, ±3/2 is within 0.41 % of what no real symmetric set passes. Further search is pointless,
# and that is a proved statement.
#
# ## Other objectives and constraints
#
# The least noise gain among sets whose matrices, as integers, fit into few bits, for instance:

# %%
for constraint in ((), ("exact-bits<=8",), ("exact-bits<=6",), ("exact-bits<=4",)):
    try:
        found = wc.search(
            wc.Space(4, 3, shape="symmetric", zero="with", height=4), constraints=constraint, convention="integer"
        )
        print(f"{', '.join(constraint) or 'no constraint':<15} {found.best}")
    except wc.WincraftError as error:
        print(f"{', '.join(constraint):<15} {error}")

# %% [markdown]
# ## The front
#
# Points alone have a limit. Moduli of degree two, such as x² + 1, cost one product more each and make the error smaller
# than any real point can. Products, noise gain, operations and bits cannot all be least at once; the front has the
# algorithms that no other one beats in every respect.

# %%
front = pareto_of_space(wc.Space(4, 3, shape="symmetric", zero="any", height=3, moduli=("x^2+1", "x^2+2")))
front

# %%
rows = [("0,1,-1,2,-2,inf", "usual points"), (wc.catalogue()[4, 3].points, "catalogue"), ("0,1,-1,x^2+1,inf", "x²+1")]
figure, panels = plt.subplots(1, 3, figsize=(10, 2.6), sharex=True)
for panel, (moduli, name) in zip(panels, rows, strict=True):
    f = wc.winograd(4, 3, moduli=moduli)
    f.plot(panel)
    panel.set(title=f"{name}: {f.rank} products, noise gain {float(f.noise_gain()):.3g}")

plt.show()

# %% [markdown]
# ## Try it
#
# The explorer has points, scaling, basis, bits and scales as widgets and the report of what they make below. It needs a
# running notebook; a saved one shows its first state as text.

# %%
explorer = wc.explore("F(4x4,3x3)", points="0,1,-1,2,-2")
explorer

# %%
explorer.scales.value = "tap"  # what turning the widget does
explorer.report.schemes[0].evaluation

# %% [markdown]
# ## What was learned
#
# - A search result is a document with a bound, and is checked without trusting who made it.
# - The real limit says when to stop: for F(4,3) small rationals are within half a per cent of it.
# - Beyond the limit of points there are other moduli, at a price that the front shows.
#
# Read on: [7. The 8-bit network](07_network.ipynb); `wincraft search --help`, `docs/points.md`.
