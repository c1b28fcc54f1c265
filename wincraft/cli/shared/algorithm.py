# SPDX-License-Identifier: Apache-2.0
"""What every command that takes a size shares: the options of an algorithm, and reading a size or a file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from wincraft.cli.shared.command import convention_option, offer, point_names
from wincraft.errors import look_up

if TYPE_CHECKING:
    from wincraft.algorithm.bilinear import Algorithm

_Command = TypeVar("_Command", bound=Callable[..., Any])

POINTS = (
    'Interpolation points, "0,1,-1,1/2,inf", or a set of the catalogue: accuracy, dyadic, integer, cheap, quadratic, '
    'int8-exact, for images whole, whole-quiet, fourier, beside; one list per axis separated by ";".'
)
"""What ``--points`` is."""
MODULI = 'Points and polynomials, "0,1,-1,x^2+1,inf"; "x^2+1@-1" gives the inner point.'
"""What ``--moduli`` is."""

nested_option = click.option(
    "--nested", is_flag=True, help="Nest one algorithm per axis where moduli would make one of whole tiles."
)
"""``--nested``."""

axes_option = click.option("--axes", type=int, metavar="N", help="Nest an algorithm of one axis along N: 2 for images.")
"""``--axes``."""

FORM_NAMES = ("correlation", "linear")
"""Those of `wincraft.algorithm.content.Form`."""

form_option = click.option(
    "--form",
    shell_complete=offer(lambda: FORM_NAMES),
    help="correlation, y_i = sum d_{i+j} g_j, or linear, the product of polynomials.  [default: of a FILE its own]",
)
"""``--form``."""
domain_option = click.option(
    "--domain",
    metavar="RING",
    help='Where entries lie: "GF(31)", "GF(2)", Z/2^16; with integer maps.  [default: QQ]',
)
"""``--domain``."""

_OPTIONS = (
    click.option("--points", shell_complete=offer(point_names), help=POINTS),
    click.option("--moduli", help=MODULI),
    convention_option(help="Scaling and signs, as for generate.  [default: wincnn, of a file its own]"),
    axes_option,
    nested_option,
)

_SIZE = re.compile(r"\s*(F\s*\(.*\)|[\d\s,xX×+-]*)\s*", re.IGNORECASE)
_LOOK = re.compile(r"[/\\]|\.[A-Za-z]\w*(#.*)?$", re.DOTALL)
"""A folder, or a suffix, behind which one algorithm of the file may be chosen."""


def algorithm_options(command: _Command) -> _Command:
    """What an algorithm is made from: points, moduli, convention, axes, whether these are nested."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def names_file(text: str) -> bool:
    """Whether a text stands for a file: it is no size, and it exists as a path or looks like one.

    >>> [names_file(text) for text in ("4,3", "F(4x4,3x3)", "f4.json", "f4.h#2", "their/matrices", "4,3x")]
    [False, False, True, True, True, False]
    """
    whole, _, _ = text.rpartition("#")
    exists = os.path.exists(text) or (bool(whole) and os.path.exists(whole))
    return not _SIZE.fullmatch(text) and (bool(_LOOK.search(text)) or exists)


def read_algorithm(
    given: str,
    points: str | None = None,
    moduli: str | None = None,
    convention: str | None = None,
    basis: str | None = None,
    axes: int | None = None,
    form: str | None = None,
    domain: str | None = None,
    nested: bool = False,
) -> Algorithm:
    """The algorithm of a size or in a file, in a convention, along axes, through a basis, form and domain where asked.

    Raises:
        UsageError: where both points and moduli are given, or either for a file; a basis or convention with a domain.
        UnknownName: for a form that there is not.
        WincraftError: what reading the file or making the algorithm raises.
    """
    from wincraft.construct.chains import chained
    from wincraft.construct.winograd import along_axes, in_convention, winograd

    if points is not None and moduli is not None:
        raise click.UsageError("give --points or --moduli, not both; --moduli may contain points")
    if names_file(given):
        from wincraft.files.reading import read

        if points is not None or moduli is not None:
            raise click.UsageError(f"{given} has its own points; leave out --points and --moduli")
        algorithm = read(given)
        if convention is not None:
            algorithm = in_convention(algorithm, convention)
    else:
        algorithm = winograd(given, points=points, moduli=moduli, convention=convention or "wincnn", nested=nested)
    if axes is not None:
        algorithm = along_axes(algorithm, axes)
    if basis is not None:
        algorithm = chained(algorithm, basis)
    if form is not None and look_up("form", form, dict.fromkeys(FORM_NAMES, form)) != algorithm.form:
        algorithm = algorithm.transpose()
    return algorithm if domain is None else _over(algorithm, domain, convention or basis)


def _over(algorithm: Algorithm, domain: str, other: str | None) -> Algorithm:
    from wincraft.rings.loss import over_ring

    if other is not None:
        raise click.UsageError("--domain has integer maps of its own scaling; leave out --convention and --basis")
    return over_ring(algorithm, domain)
