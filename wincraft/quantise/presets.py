# SPDX-License-Identifier: Apache-2.0
"""The presets of `wincraft.quantise.schemes` in words: source, hardware that computes so, when to use them."""

from __future__ import annotations

from typing import NamedTuple

_FP8 = "Micikevicius et al. 2022, arXiv 2209.05433"


class Preset(NamedTuple):
    """A preset in words: its `summary` fits into a line."""

    summary: str
    source: str
    hardware: str
    use: str


PRESETS = {
    "barabasz-2020-8": Preset(
        "8 bits at every stage, one scale per stage",
        "Barabasz 2020, arXiv 2004.11077",
        "a datapath whose memories between the stages all have 8 bits; the paper simulates it",
        "the hardest case, to compare points, bases and scalings; networks are retrained for it",
    ),
    "barabasz-2020-8-9": Preset(
        "8 bits, but 9 for the products M, one scale per stage",
        "Barabasz 2020, arXiv 2004.11077",
        "as barabasz-2020-8, with a 9-bit memory for the products",
        "where one bit more can be spent: with one scale per stage, M is what loses most",
    ),
    "winograd-aware-nets": Preset(
        "8 bits at every stage and in the matrices",
        "Fernandez-Marques et al. 2020, arXiv 2002.10711",
        "mobile CPUs with 8-bit arithmetic, Arm Cortex-A in the paper",
        "networks trained with their transforms in the loop, where the matrices are learned as well",
    ),
    "tapwise-8": Preset(
        "8 bits, a scale of its own for every tap of U, V and M",
        "after Andri et al. 2022, arXiv 2209.12982, with free scales and 8 bits for M",
        "what can multiply each tap by a ratio of its own: one multiplication per value of the transforms",
        "the first to try for 8 bits after training; compare tapwise-pow2, which costs less",
    ),
    "tapwise-pow2": Preset(
        "8 bits, 10 for M, a power of two per tap as scale",
        "Andri et al. 2022, arXiv 2209.12982",
        "integer units with shifts: an accelerator with transform engines in the paper",
        "as tapwise-8 where rescaling must be a shift; the two bits more of M make up for it",
    ),
    "ncnn-int8": Preset(
        "8-bit data, 6-bit weights, exact 16-bit operands",
        "ncnn, F(4,3) on int8 since 2019, github.com/Tencent/ncnn, pull request 891",
        "CPUs that multiply 16-bit integers and add up 32 bits: Arm NEON, x86 SSE and AVX",
        "integer matrices without any rounding inside; its 6-bit weights cost most; the matrices need small entries",
    ),
    "fp32": Preset(
        "single precision throughout",
        "IEEE 754-2019, binary32",
        "every CPU and GPU",
        "inference and training without visible loss up to tiles of about 8; the yardstick of the others",
    ),
    "fp16-fp32acc": Preset(
        "stored in half precision, sums in single",
        "IEEE 754-2019, binary16 and binary32",
        "matrix units of GPUs, since NVIDIA's Volta (2017), and CPUs with widening multiply-adds",
        "half precision on such units; the transforms are computed in fp32 and rounded once",
    ),
    "fp16": Preset(
        "half precision throughout, every operation rounded",
        "IEEE 754-2019, binary16",
        "CPUs and mobile GPUs that add in half precision: Arm from Armv8.2-A on",
        "to see whether a tile size survives half precision with no wider sums",
    ),
    "bf16": Preset(
        "bfloat16 throughout, every operation rounded",
        "Kalamkar et al. 2019, arXiv 1905.12322",
        "none quite: most units add products of bfloat16 in fp32; that is bf16,accumulator=fp32",
        "the worst case of bfloat16, whose 8 significant bits limit Winograd algorithms early",
    ),
    "fp8-e4m3": Preset(
        "8-bit floating point with 4 significant bits",
        _FP8,
        "matrix units of GPUs since NVIDIA's Hopper (2022), sums in fp32",
        "forward passes; of the two the one with more precision",
    ),
    "fp8-e5m2": Preset(
        "8-bit floating point with 3 significant bits",
        _FP8,
        "matrix units of GPUs since NVIDIA's Hopper (2022), sums in fp32",
        "gradients, which need its range; for forward passes fp8-e4m3 is better",
    ),
}
"""By the names of `wincraft.quantise.schemes.SCHEMES`."""
