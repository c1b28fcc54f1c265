# SPDX-License-Identifier: Apache-2.0
"""What someone may have meant by a name that is not known: by meaning first, then by spelling."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

ALIKE = (
    # distributions
    ("gaussian", "normal", "gauss", "randn", "white"),
    ("relu-gaussian", "relu", "half-normal", "rectified"),
    ("uniform", "rand", "flat"),
    # number formats
    ("fp64", "double", "float64", "f64", "binary64"),
    ("fp32", "float", "single", "float32", "f32", "binary32"),
    ("fp16", "half", "float16", "f16", "binary16"),
    ("bf16", "bfloat16", "bfloat", "brain-float"),
    ("fp8-e4m3", "e4m3", "e4m3fn", "float8-e4m3", "float8-e4m3fn", "fp8", "float8"),
    ("fp8-e5m2", "e5m2", "float8-e5m2"),
    ("int8", "i8", "s8", "int8_t", "byte", "qint8"),
    ("uint8", "u8", "uint8_t", "ubyte", "quint8"),
    # schemes
    ("fp16-fp32acc", "mixed", "mixed-precision", "amp", "tensor-cores"),
    ("barabasz-2020-8", "barabasz", "barabasz-2020", "int8", "w8a8", "per-tensor", "8bit"),
    ("tapwise-8", "tapwise", "per-tap", "andri"),
    ("tapwise-pow2", "pow2", "shift"),
    ("winograd-aware-nets", "winograd-aware", "wan", "fernandez-marques"),
    ("ncnn-int8", "ncnn", "int6"),
    # granularities and calibrations
    ("tensor", "per-tensor", "layer", "stage"),
    ("channel", "per-channel", "filter"),
    ("tap", "per-tap", "tapwise", "position"),
    ("max-abs", "minmax", "absmax", "max", "naive"),
    ("percentile", "quantile"),
    ("mse", "l2", "least-squares"),
    # what is written
    ("text", "txt", "plain", "ascii"),
    ("markdown", "md"),
    ("html", "htm", "web"),
    ("latex", "tex", "pdf"),
    ("c", "h", "header", "cpp", "c++", "hpp", "cc"),
    ("numpy", "python", "py", "np"),
    ("npz", "npy", "archive"),
    ("json", "document"),
    # scalings
    ("lavin", "lavin-gray", "lavin & gray", "gray"),
    ("wincnn", "standard", "default", "toom-cook", "winograd"),
    ("integer", "int", "integral", "exact"),
    ("balanced", "normalised", "normalized", "unit"),
    ("pow2", "power-of-two", "shift"),
    # bases and factorisations
    ("canonical", "standard", "monomial", "power", "none", "identity", "toom-cook"),
    ("chebyshev", "chebychev", "tchebychev", "tschebyscheff", "cheb", "t"),
    ("butterfly", "even-odd", "even/odd", "fft"),
    ("bjorck-pereyra", "bidiagonal", "vandermonde"),
    # searches
    ("branch-and-bound", "bnb", "b&b", "bound"),
    ("exhaustive", "brute-force", "all", "full"),
    ("rational", "fraction", "fractions", "q"),
    ("integer", "integers", "z"),
    ("symmetric", "even", "plus-minus"),
    ("noise-gain", "noise", "error", "accuracy", "variance"),
    ("products-per-output", "products", "multiplications", "muls", "rank"),
    ("operations", "ops", "flops", "cost"),
    ("additions", "adds"),
    # sums
    ("pairwise", "tree", "cascade"),
    ("sequential", "linear", "serial"),
    # commands
    ("generate", "make", "create", "build", "emit", "new"),
    ("verify", "check", "prove", "validate"),
    ("identify", "recognise", "recognize", "which"),
    ("report", "analyse", "analyze", "info", "show", "measure"),
    ("compare", "diff", "versus", "vs"),
    ("search", "find", "optimise", "optimize"),
    ("catalogue", "catalog", "list", "known"),
    ("formats", "format", "schemes", "scheme", "types", "dtypes"),
    ("selftest", "test", "doctor"),
    ("completion", "complete", "autocomplete"),
)
"""Words that mean the same; wincraft's own name first."""


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, None where none is near.

    >>> suggestion("normal", ("uniform", "gaussian")), suggestion("unifrm", ("uniform", "gaussian"))
    ('gaussian', 'uniform')
    >>> suggestion("BTT", ("AT", "G", "BT")), suggestion("at[0]", ("AT[0]", "AT[1]"))
    ('BT', 'AT[0]')
    """
    names = list(known)
    spelled = {_plain(item): item for item in names}
    own = _plain(name)
    if own in spelled:
        return spelled[own]
    for words in ALIKE:
        meant = [_plain(word) for word in words]
        if own and own in meant:
            for word in meant:
                if word in spelled:
                    return spelled[word]
    if near := difflib.get_close_matches(name, names, n=1):
        return near[0]
    lower = {item.lower(): item for item in names}
    near = difflib.get_close_matches(name.lower(), lower, n=1)
    return lower[near[0]] if near else None


def _plain(name: str) -> str:
    """A name without case and punctuation."""
    return re.sub(r"[^a-z0-9&+]", "", name.lower())
