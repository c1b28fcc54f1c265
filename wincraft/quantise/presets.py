# SPDX-License-Identifier: Apache-2.0
"""The presets of schemes as texts, and in words: source, hardware that computes so, when to use them.

Nothing is imported, so that help and completion read the table that `wincraft.quantise.schemes` parses.
"""

from __future__ import annotations

from typing import NamedTuple

_EVERYWHERE = "input={0} weights={0} pre-step={0} U={0} V={0} M={0} post-step={0} output={0}"
_COMPUTED = "matrices={0} arithmetic={0}"
_FP8 = "Micikevicius et al. 2022, arXiv 2209.05433"
_FP8_STAGES = f"input={{0}} weights={{0}} U={{0}} V={{0}} output=fp16 {_COMPUTED.format('fp32')}"


class Preset(NamedTuple):
    """A preset: its fields as `wincraft.quantise.schemes.parse_scheme` reads them, and words; `summary` is one line.

    >>> PRESETS["fp16"].summary
    'half precision throughout, every operation rounded'
    """

    text: str
    summary: str
    source: str
    hardware: str
    use: str


PRESETS = {
    "barabasz-2020-8": Preset(
        _EVERYWHERE.format("int8"),
        "8 bits at every stage, one scale per stage",
        "Barabasz 2020, arXiv 2004.11077",
        "a datapath whose memories between the stages all have 8 bits; the paper simulates it",
        "the hardest case, to compare points, bases and scalings; networks are retrained for it",
    ),
    "barabasz-2020-8-9": Preset(
        _EVERYWHERE.format("int8").replace("M=int8", "M=int9"),
        "8 bits, but 9 for the products M, one scale per stage",
        "Barabasz 2020, arXiv 2004.11077",
        "as barabasz-2020-8, with a 9-bit memory for the products",
        "where one bit more can be spent: with one scale per stage, M is what loses most",
    ),
    "winograd-aware-nets": Preset(
        "input=int8-full weights=int8-full U=int8-full V=int8-full M=int8-full output=int8-full matrices=int8-full",
        "8 bits at every stage and in the matrices",
        "Fernandez-Marques et al. 2020, arXiv 2002.10711",
        "mobile CPUs with 8-bit arithmetic, Arm Cortex-A in the paper",
        "networks trained with their transforms in the loop, where the matrices are learned as well",
    ),
    "tapwise-8": Preset(
        "input=int8 weights=int8 U=int8/tap V=int8/tap M=int8/tap output=int8",
        "8 bits, a scale of its own for every tap of U, V and M",
        "after Andri et al. 2022, arXiv 2209.12982, with free scales and 8 bits for M",
        "what can multiply each tap by a ratio of its own: one multiplication per value of the transforms",
        "the first to try for 8 bits after training; compare tapwise-pow2, which costs less",
    ),
    "tapwise-pow2": Preset(
        "input=int8/tensor/pow2 weights=int8/tensor/pow2 U=int8/tap/pow2 V=int8/tap/pow2 M=int10/tap/pow2 "
        "output=int8/tensor/pow2",
        "8 bits, 10 for M, a power of two per tap as scale",
        "Andri et al. 2022, arXiv 2209.12982",
        "integer units with shifts: an accelerator with transform engines in the paper",
        "as tapwise-8 where rescaling must be a shift; the two bits more of M make up for it",
    ),
    "ncnn-int8": Preset(
        "input=int8 weights=int6/channel output=int8 word=16",
        "8-bit data, 6-bit weights, exact 16-bit operands",
        "ncnn, F(4,3) on int8 since 2019, github.com/Tencent/ncnn, pull request 891",
        "CPUs that multiply 16-bit integers and add up 32 bits: Arm NEON, x86 SSE and AVX",
        "integer matrices without any rounding inside; its 6-bit weights cost most; the matrices need small entries",
    ),
    "fp32": Preset(
        f"{_EVERYWHERE} {_COMPUTED}".format("fp32"),
        "single precision throughout",
        "IEEE 754-2019, binary32",
        "every CPU and GPU",
        "inference and training without visible loss up to tiles of about 8; the yardstick of the others",
    ),
    "fp16-fp32acc": Preset(
        f"U=fp16 V=fp16 M=fp16 output=fp16 {_COMPUTED}".format("fp32"),
        "stored in half precision, sums in single",
        "IEEE 754-2019, binary16 and binary32",
        "matrix units of GPUs, since NVIDIA's Volta (2017), and CPUs with widening multiply-adds",
        "half precision on such units; the transforms are computed in fp32 and rounded once",
    ),
    "fp16": Preset(
        f"{_EVERYWHERE} {_COMPUTED}".format("fp16"),
        "half precision throughout, every operation rounded",
        "IEEE 754-2019, binary16",
        "CPUs and mobile GPUs that add in half precision: Arm from Armv8.2-A on",
        "to see whether a tile size survives half precision with no wider sums",
    ),
    "bf16": Preset(
        f"{_EVERYWHERE} {_COMPUTED}".format("bf16"),
        "bfloat16 throughout, every operation rounded",
        "Kalamkar et al. 2019, arXiv 1905.12322",
        "none quite: most units add products of bfloat16 in fp32; that is bf16,accumulator=fp32",
        "the worst case of bfloat16, whose 8 significant bits limit Winograd algorithms early",
    ),
    "fp8-e4m3": Preset(
        _FP8_STAGES.format("fp8-e4m3/tensor/pow2"),
        "8-bit floating point with 4 significant bits",
        _FP8,
        "matrix units of GPUs since NVIDIA's Hopper (2022), sums in fp32",
        "forward passes; of the two the one with more precision",
    ),
    "fp8-e5m2": Preset(
        _FP8_STAGES.format("fp8-e5m2/tensor/pow2"),
        "8-bit floating point with 3 significant bits",
        _FP8,
        "matrix units of GPUs since NVIDIA's Hopper (2022), sums in fp32",
        "gradients, which need its range; for forward passes fp8-e4m3 is better",
    ),
}
"""By name; `wincraft.quantise.schemes.SCHEMES` are the schemes of their texts."""

OPTIONS = {
    "weights-per-channel": "weights and V with one scale per output channel",
    "unsigned": "unsigned integer input and output, as after a ReLU",
    "max-abs": "integer scales of the largest value",
    "percentile": "integer scales of a percentile of the values: 99.9, or percentile:99.99",
    "mse": "integer scales of the least squared error",
}
"""What may follow a preset's name after a ``+``, as in ``tapwise-8+unsigned+mse``."""
