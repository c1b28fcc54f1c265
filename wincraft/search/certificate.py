# SPDX-License-Identifier: Apache-2.0
"""Re-checking a search result without trusting the search that wrote it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from wincraft.construct.moduli import complete, parse_moduli
from wincraft.errors import BadDocument, WincraftError
from wincraft.search.gain import values
from wincraft.search.objectives import objective_named, parse_constraints
from wincraft.search.points import search
from wincraft.search.result import KIND, VERSION, number_of, point_set, settings_hash
from wincraft.search.space import CHOICES, SHAPES, Space
from wincraft.search.strategies import Settings, instances

RECHECKED, RECHECKED_SLOWLY = 3 * 10**7, 400
"""Most sets that are searched again by the other strategy, with a kernel and one by one."""
SAMPLE, SLOW_SAMPLE = 2000, 20
"""Random sets that are evaluated where the space is larger."""


@dataclass(eq=False)
class WrongResult(WincraftError):
    """A search result that states something untrue."""

    exit_code: ClassVar[int] = 1
    path: str
    what: str
    stated: str
    found: str

    def _message(self) -> str:
        return f"{self.path}: {self.what} is {self.found}, stated is {self.stated}; search again"


def recheck(content: dict[str, Any], path: str, thorough: bool = False) -> list[str]:
    """What holds of a result document, line by line, and what was not checked.

    The values of all listed sets are computed exactly by the proved construction, their membership and the constraints
    are tested, the space is counted from a second enumeration of its numbers. That no other set is better is checked
    by searching again with the other strategy, whose formula is another one, where the space has at most `RECHECKED`
    sets or with `thorough`; else on random sets, which is no proof, as the lines say.

    Raises:
        WrongResult: for the first statement that is untrue.
        BadDocument: for what is no search result.
    """
    if "searches" in content:
        return [line for item in content["searches"] for line in recheck(item, path, thorough)]
    settings, within = _settings(content, path)
    checker = _Checker(content, path, settings, within)
    lines = [*checker.sets(), *checker.counts()]
    if not content["complete"]:
        return [*lines, "not checked: the bound of a search that was stopped; resume it from its checkpoint"]
    return [*lines, *checker.optimality(thorough)]


def _settings(content: dict[str, Any], path: str) -> tuple[Settings, float]:
    if content.get("kind") != KIND or str(content.get("version")).split(".")[0] != str(VERSION):
        raise BadDocument(path, f"its kind is {content.get('kind')!r}", f"this reads {KIND} version {VERSION}")
    try:
        given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in content["space"].items()}
        space = Space(int(content["m"]), int(content["r"]), **given)
        settings = Settings(
            space,
            int(content["dimensions"]),
            objective_named(content["objective"]),
            parse_constraints(content["constraints"]),
            str(content["convention"]),
            str(content["strategy"]),
            float(content["tolerance"]),
        )
        return settings, float(content["within"])
    except WincraftError as error:
        raise BadDocument(path, str(error), "search again") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadDocument(path, f"it lacks or garbles {error}", "search again") from None


class _Checker:
    def __init__(self, content: dict[str, Any], path: str, settings: Settings, within: float) -> None:
        self.content, self.path, self.settings, self.within = content, path, settings, within

    def same(self, what: str, stated: object, found: object) -> None:
        if stated != found:
            raise WrongResult(self.path, what, str(stated)[:80], str(found)[:80])

    def sets(self) -> list[str]:
        """Values, membership and constraints of the listed sets."""
        listed = [item for item in (self.content["best"], *self.content["others"]) if item is not None]
        for item in listed:
            moduli = tuple(item["points"])
            name = ",".join(moduli)
            self.same(f"the value of {name}", item["value"], point_set(self.settings, moduli).value)
            self.same(f"{name} in the space", True, _belongs(moduli, self.settings.space))
            for constraint in self.settings.constraints:
                holds = constraint.holds(self.settings.algorithm(moduli))
                self.same(f"{constraint.text} for {name}", True, holds)
        sign = -1 if self.settings.objective.maximise else 1
        order = [sign * _number(item) for item in listed]
        self.same("the first of the listed sets as the best", True, not order or order[0] == min(order))
        if not listed:
            return ["nothing was found yet"]
        best = listed[0]
        if self.content["complete"]:
            self.same("the bound", float(self.content["bound"]), float(best["float"]))
        name = self.settings.objective.name
        line = f"{self.content['size']}: {name} {best['value']} of {','.join(best['points'])} is exact"
        more = f", and the values of {len(listed) - 1} more" if len(listed) > 1 else ""
        held = f"; {', '.join(c.text for c in self.settings.constraints)} hold" if self.settings.constraints else ""
        return [f"{line}, from its proved matrices{more}{held}"]

    def counts(self) -> list[str]:
        """The number of sets, from a second enumeration; classes and settings as the code computes them."""
        self.same("the count", int(self.content["count"]), count_again(self.settings.space))
        classes = self.settings.space.classes(self.settings.equivalences)
        self.same("the number of classes", int(self.content["classes"]), classes)
        self.same("the hash of the settings", self.content["settings"], settings_hash(self.settings, self.within))
        if self.content["complete"] and not self.settings.constraints:
            self.same("the number of covered sets", int(self.content["covered"]), self.settings.space.count)
            if self.settings.strategy == "exhaustive":
                self.same("the number of evaluated sets", int(self.content["visited"]), classes)
        count = f"the space has {self.settings.space.count:,} sets (counted again from a Stern-Brocot enumeration)"
        return [f"{count}, {classes:,} up to {' and '.join(self.settings.equivalences) or 'nothing'} (Burnside)"]

    def optimality(self, thorough: bool) -> list[str]:
        """That no set is better: by the other strategy, or on a sample."""
        classes = self.settings.space.classes(self.settings.equivalences)
        limit = RECHECKED if self.settings.fast else RECHECKED_SLOWLY
        other = "exhaustive"
        if self.settings.fast and self.settings.strategy == "exhaustive" and not self.settings.constraints:
            other = "branch-and-bound"
        if not thorough and classes > limit:
            return self.sampled()
        found = search(
            self.settings.space,
            self.settings.objective,
            axes=self.settings.axes,
            constraints=[item.text for item in self.settings.constraints],
            strategy=other,
            convention=self.settings.convention,
            allow_long=thorough,
        )
        again = found.best
        self.same("the best value by " + other, self.content["best"]["value"], again.value if again else None)
        return [f"no set of the space is better: searched again by {other} ({found.visited:,} evaluations)"]

    def sampled(self) -> list[str]:
        """No random set is better; says that this is no proof."""
        best, count = float(self.content["best"]["float"]), 0
        sign = -1 if self.settings.objective.maximise else 1
        for moduli, value in _random_sets(self.settings):
            count += 1
            worse = sign * value >= sign * best * (1 - sign * 1e-9)
            if not worse and all(c.holds(self.settings.algorithm(moduli)) for c in self.settings.constraints):
                raise WrongResult(
                    self.path, f"the value of {','.join(moduli)}", f"no better than {best:g}", f"{value:g}"
                )
        return [
            f"none of {count:,} random sets is better, which proves nothing; "
            "not checked: that no set is (verify --thorough searches again by the other strategy)"
        ]


def _random_sets(settings: Settings) -> Iterator[tuple[tuple[str, ...], float]]:
    generator, parts = random.Random(0), instances(settings.space, settings.equivalences)
    for _ in range(SAMPLE if settings.fast else SLOW_SAMPLE):
        made = generator.choices(parts, [float(part.part.count) for part in parts])[0]
        part = made.part
        chosen: list[int] = []
        left, first = part.degree, 0
        while left:
            weights = [part.below(i + 1, left - part.degrees[i]) for i in range(first, len(part.members))]
            at = first + _draw(generator, weights)
            chosen, left, first = [*chosen, at], left - part.degrees[at], at + 1
        if settings.fast:
            gain = float(values(made, [tuple(chosen)])[0]) / (settings.space.m * settings.space.r)
            yield part.texts(chosen), gain**settings.axes
        else:
            yield part.texts(chosen), point_set(settings, part.texts(chosen)).approximate


def _number(item: dict[str, Any]) -> Any:
    return number_of(item["value"], float(item["float"]))


def _draw(generator: random.Random, weights: list[int]) -> int:
    target = generator.randrange(sum(weights))
    for at, weight in enumerate(weights):
        target -= weight
        if target < 0:
            return at
    raise AssertionError("the weights add up")


def _belongs(moduli: tuple[str, ...], space: Space) -> bool:
    """Whether a set consists of members of the space, and of 0 and inf as it allows."""
    complete(parse_moduli(list(moduli)), space.m, space.r)
    rest = set(moduli)
    for text, choice in (("0", space.zero), ("inf", space.infinity)):
        if (text in rest) not in CHOICES[choice]:
            return False
        rest.discard(text)
    owners = {text: member for member in space.members for text in member.texts}
    return all(text in owners and rest.issuperset(owners[text].texts) for text in rest)


def count_again(space: Space) -> int:
    """The number of sets of a space, its numbers from the Stern-Brocot tree, its subsets from a product of 1 + x^d.

    >>> count_again(Space(4, 3, height=8))
    36949857
    """
    if space.height is None:
        degrees = [member.degree for member in space.members]
    else:
        numbers = [p for p in _stern_brocot(space.height) if _among(p, space)]
        shaped = {frozenset(SHAPES[space.shape](p)) for q in numbers for p in (q, -q)}
        degrees = [len(points) for points in shaped] + [item.degree for item in parse_moduli(list(space.moduli))]
    n = space.m + space.r - 1
    coefficients = [1] + [0] * n
    for d in degrees:
        coefficients = [c + (coefficients[k - d] if k >= d else 0) for k, c in enumerate(coefficients)]
    fixed = [z + i for z in CHOICES[space.zero] for i in CHOICES[space.infinity]]
    return sum(coefficients[n - k] for k in fixed if k <= n)


def _stern_brocot(height: int) -> Iterator[Fraction]:
    stack = [((0, 1), (1, 0))]
    while stack:
        (a, b), (c, d) = stack.pop()
        p, q = a + c, b + d
        if max(p, q) <= height:
            yield Fraction(p, q)
            stack += [((a, b), (p, q)), ((p, q), (c, d))]


def _among(p: Fraction, space: Space) -> bool:
    q = p.denominator
    return {"rational": True, "dyadic": not q & (q - 1), "integer": q == 1}[space.numbers]
