# SPDX-License-Identifier: Apache-2.0
"""``wincraft quotient``."""

from __future__ import annotations

import click

from wincraft.cli.shared.command import Command, report_format_option
from wincraft.cli.shared.measuring import finish, format_name
from wincraft.cli.shared.output import output_option
from wincraft.cli.shared.showing import with_command


@click.command(name="quotient", cls=Command)
@click.argument("polynomial", metavar="POLYNOMIAL")
@click.option("--moduli", metavar="LIST", help="Factors, with inner points if wanted.  [default: the irreducible ones]")
@click.option("--ring", default="QQ", show_default=True, metavar="RING", help='QQ, "GF(17)", Z/2^16.')
@report_format_option()
@output_option
def command(polynomial: str, moduli: str | None, ring: str, format_given: str | None, output: str | None) -> None:
    """Make and prove an algorithm for products of polynomials modulo POLYNOMIAL.

    \b
    Examples:
      wincraft quotient "cyclic 4"
      wincraft quotient "x^4+1" --ring "GF(17)"
      wincraft quotient "negacyclic 8" --format json
      wincraft quotient "short 3"

    POLYNOMIAL is monic in x, or cyclic n (x^n - 1), negacyclic n (x^n + 1), short n (x^n). The middle product and the
    Toeplitz matrix by a vector are the correlation form of wincraft generate.
    """
    from wincraft.rings.quotient import quotient_product

    format = format_name(format_given, output)
    made = quotient_product(polynomial, moduli=moduli, ring=ring)
    finish(with_command(made, format, output), format, output)
