# SPDX-License-Identifier: Apache-2.0
"""What is claimed of a program's additions, and its check by code that no optimiser runs."""

from __future__ import annotations

from dataclasses import dataclass

from wincraft.circuit.minimum.bound import additions_bound
from wincraft.circuit.minimum.methods import METHODS, LowerBound
from wincraft.circuit.minimum.proofs import recheck_proof, stored_bound
from wincraft.circuit.minimum.stripping import across, core_of
from wincraft.circuit.program import Program
from wincraft.errors import BadValue, NotApplicable, look_up

CONSTANTS_FREE = "additions, constants free"
"""The model of most published counts: multiplications by any rational constants, and factors of rows, cost nothing."""


@dataclass(frozen=True)
class Claim:
    """A number of additions and what bounds it from below, in a model.

    >>> Claim(12, LowerBound(12, "three intermediates", 470481)).text
    '12 additions, constants free: proved minimal (three intermediates, 470481 cases)'
    >>> Claim(21, LowerBound(15, "fewer inputs", 100)).text
    '21 additions, constants free: best found, lower bound 15 (fewer inputs, 100 cases)'
    """

    additions: int
    bound: LowerBound
    model: str = CONSTANTS_FREE

    @property
    def minimal(self) -> bool:
        """Whether the bound is reached."""
        return self.additions == self.bound.additions

    @property
    def status(self) -> str:
        """In a few words: "proved minimal", or "best found, lower bound n"."""
        return "proved minimal" if self.minimal else f"best found, lower bound {self.bound.additions}"

    @property
    def text(self) -> str:
        """The claim as a sentence, the model with it: counts of different models do not compare."""
        stored = f", stored proof {self.bound.proof!r}" if self.bound.proof else ""
        how = f"{self.bound.method}, {self.bound.cases} cases{stored}"
        return f"{self.additions} {self.model}: {self.status} ({how})"


def claim_of(program: Program) -> Claim:
    """What can be claimed of a program at once: its additions, and the bound of its matrix.

    >>> claim_of(Program.build(2, [("add", 0, 1), ("subtract", 0, 1)], [2, 3])).status
    'proved minimal'
    """
    return Claim(additions_of(program), additions_bound(program.matrix()))


def additions_of(program: Program) -> int:
    """The operations of two operands, used or not."""
    return sum(len(operation.operands) == 2 for operation in program.operations)


def verify_claim(program: Program, claim: Claim, again: bool = False) -> str:
    """Count the additions, and prove the bound of the program's matrix again; what was checked, in words.

    A stored proof is found for the matrix by its class, and with `again` run again. No optimiser's code is used.

    Raises:
        BadValue: the program takes another number of additions; the bound is not what its method proves.
        UnknownName: no such method.
        NotApplicable: a claim in another model than constants free, which this does not check.

    >>> program = Program.build(2, [("add", 0, 1), ("subtract", 0, 1)], [2, 3])
    >>> verify_claim(program, claim_of(program))
    'additions counted: 2; lower bound 2 proved again by support'
    >>> verify_claim(program, Claim(1, claim_of(program).bound))
    Traceback (most recent call last):
    ...
    wincraft.errors.BadValue: the claimed number of additions is 1; the program takes 2
    """
    counted = additions_of(program)
    if counted != claim.additions:
        raise BadValue("the claimed number of additions", str(claim.additions), f"the program takes {counted}")
    if claim.model != CONSTANTS_FREE:
        raise NotApplicable("the check of a bound", f"its model is {claim.model!r}", "solve it again")
    core = core_of(program.matrix().to_list())
    bound = claim.bound
    method = look_up("method", bound.method, METHODS)
    how = f"by {bound.method}"
    if not core.rows:
        proved, how = 0, "by stripping"
    elif bound.proof:
        stored = stored_bound(core)
        if stored is None or (again and not recheck_proof(stored.proof)):
            raise BadValue("the stored proof of the bound", bound.proof, "it does not prove this matrix")
        proved = stored.additions
        how = f"{how}, {'run again' if again else 'as stored'}: {stored.proof}"
    else:
        sides = (core, across(core))
        proved = max(method.prove(side.rows).additions + side.additions for side in sides) - core.additions
    if proved + core.additions < bound.additions:
        raise BadValue("the claimed lower bound", str(bound.additions), f"proved is {proved + core.additions}")
    return f"additions counted: {counted}; lower bound {bound.additions} proved again {how}"
