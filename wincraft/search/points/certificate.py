# SPDX-License-Identifier: Apache-2.0
"""Re-checking a search result without trusting the search that wrote it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from math import isnan
from typing import Any

from sympy import Rational

from wincraft.construct.moduli import complete, parse_moduli
from wincraft.construct.size import parse_size
from wincraft.errors import BadDocument, WincraftError
from wincraft.exact.types import Number
from wincraft.limits import parse_limits
from wincraft.measures import measure_named
from wincraft.search.points.gain import values
from wincraft.search.points.leaves import MAX_LEAVES
from wincraft.search.points.result import SEARCH_KIND, SEARCH_VERSION, PointSet, SearchResult, point_set
from wincraft.search.points.search import search_space, tolerant
from wincraft.search.points.settings import Settings
from wincraft.search.points.space import CHOICES, SHAPES, Space

Document = dict[str, Any]
"""A document as JSON has it, of which nothing is known."""
RECHECKED, RECHECKED_SLOWLY = 3 * 10**7, 400
"""Most sets that are searched again by the other strategy, with a kernel and one by one."""
SAMPLE, SLOW_SAMPLE = 2000, 20
"""Random sets that are evaluated where the space is larger."""
EDGE = Rational(1, 10**6)
"""Share of the limit within which two strategies may list different sets."""


class WrongResult(WincraftError):
    """A search result that states something untrue.

    >>> print(WrongResult("found.json", "the value of the best set", "5", "5/3"))
    found.json: the value of the best set is 5/3, stated is 5; search again
    """

    exit_code = 1
    template = "{path}: {what} is {found}, stated is {stated}; search again"
    path: str
    what: str
    stated: str
    found: str


def recheck(content: Document, path: str, thorough: bool = False) -> list[str]:
    r"""What holds of a result document, line by line, and what was not checked.

    The values of all listed sets are computed exactly by the proved construction, their membership and the constraints
    are tested, the space is counted from a second enumeration of its numbers. That no other set is better is checked
    by searching again with the other strategy, whose formula is another one, where the space has at most `RECHECKED`
    sets or with `thorough`; else on random sets, which is no proof, as the lines say.

    Raises:
        WrongResult: for the first statement that is untrue.
        BadDocument: for what is no search result.

    >>> from wincraft.search.points.search import search_space
    >>> from wincraft.search.points.space import Space
    >>> found = search_space(Space(2, 3, shape="symmetric", height=2))
    >>> print(*recheck(found.document(), "f.json"), sep="\n")
    F(2,3): noise-gain 5/3 of 0,1,-1,inf is exact, from its proved matrices
    the space has 3 sets (counted again from a Stern-Brocot enumeration), 2 up to invert and negate (Burnside)
    no set of the space is better: searched again by exhaustive (2 evaluations)
    """
    try:
        if "searches" not in content:
            return _recheck(content, path, thorough)
        _check_kind(content, path)
        searches = content["searches"]
        if not isinstance(searches, list) or not searches:
            raise BadDocument(path, "it holds no searches", "search again")
        sizes = list(dict.fromkeys(parse_size(content["size"])))
        if sizes != [(item["m"], item["r"]) for item in searches]:
            raise WrongResult(path, "the size", str(content["size"])[:80], "that of other searches")
        return [line for item in searches for line in _recheck(item, path, thorough)]
    except (WrongResult, BadDocument):
        raise
    except WincraftError as error:
        raise BadDocument(path, _one_line(error), "search again") from None
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, AssertionError) as error:
        raise BadDocument(path, f"it lacks or garbles {_one_line(error)}", "search again") from None


def _one_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]


def _recheck(content: Document, path: str, thorough: bool) -> list[str]:
    checker = _Checker(content, path, _settings(content, path))
    lines = [*checker.sets(), *checker.counts()]
    if not checker.complete:
        return [*lines, "not checked: the bound of a search that was stopped; resume it from its checkpoint"]
    return [*lines, *checker.optimality(thorough)]


def _check_kind(content: Document, path: str) -> None:
    if content.get("kind") != SEARCH_KIND or str(content.get("version")).split(".")[0] != str(SEARCH_VERSION):
        repair = f"this reads {SEARCH_KIND} version {SEARCH_VERSION}"
        raise BadDocument(path, f"its kind is {content.get('kind')!r}", repair)


def _settings(content: Document, path: str) -> Settings:
    _check_kind(content, path)
    if min(_whole(content, key) for key in ("m", "r", "dimensions")) < 1:
        raise BadDocument(path, "m, r or dimensions is below 1", "search again")
    texts = {key: _texts(value, key) for key, value in content["space"].items() if key in ("values", "moduli")}
    return Settings(
        Space(content["m"], content["r"], **{**content["space"], **texts}),
        content["dimensions"],
        measure_named(content["objective"]),
        parse_limits(_texts(content["constraints"], "constraints")),
        str(content["convention"]),
        str(content["strategy"]),
        _real(content["within"], "within"),
        _real(content["tolerance"], "tolerance"),
    )


def _whole(content: Document, key: str) -> int:
    value = content[key]
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{key}, which is {value!r}")
    return value


def _texts(value: Any, what: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError(f"{what}, which are no list of texts")
    return tuple(value)


def _real(value: Any, what: str) -> float:
    if isinstance(value, bool) or isnan(number := float(value)):
        raise ValueError(f"{what}, which is {value!r}")
    return number


class _Checker:
    def __init__(self, content: Document, path: str, settings: Settings) -> None:
        self.content, self.path, self.settings = content, path, settings
        self.complete = content["complete"]
        if not isinstance(self.complete, bool):
            raise ValueError(f"complete, which is {self.complete!r}")
        if not isinstance(content["others"], list):
            raise ValueError("others, which is no list")
        if len(content["others"]) > MAX_LEAVES:
            raise ValueError(f"others, which are more than {MAX_LEAVES:,}")
        if content["best"] is None and (self.complete or content["others"]):
            raise ValueError("best, which is None")
        self.listed: list[PointSet] = []
        self.free: PointSet | None = None

    def same(self, what: str, stated: object, found: object) -> None:
        if stated != found:
            raise WrongResult(self.path, what, str(stated)[:80], str(found)[:80])

    def item(self, item: Document) -> PointSet:
        """A listed set as it really is."""
        moduli = _texts(item["points"], "points")
        found, name = point_set(self.settings, moduli), ",".join(moduli)
        self.same(f"the value of {name}", item["value"], found.value)
        self.same(f"the float of {name}", _real(item["float"], "float"), found.approximate)
        self.same(f"{name} in the space", True, _belongs(found.moduli, self.settings.space))
        return found

    def sets(self) -> list[str]:
        """Values, membership and constraints of the listed sets."""
        stated = [self.content["best"], *self.content["others"]] if self.content["best"] is not None else []
        names = [tuple(item["points"]) for item in stated]
        self.same("the number of different sets", len(names), len(set(names)))
        for item in stated:
            found = self.item(item)
            self.listed.append(found)
            for constraint in self.settings.constraints:
                holds = constraint.met_by(self.settings.algorithm(found.moduli))
                self.same(f"{constraint.text} for {','.join(found.moduli)}", True, holds)
        order = [self.rank(item) for item in self.listed]
        self.same("the first of the listed sets as the best", True, not order or order[0] == min(order))
        self.same("the order of the listed sets as by value", True, order == sorted(order))
        different = {frozenset(item.moduli) for item in self.listed}
        self.same("the number of different sets", len(self.listed), len(different))
        near = all(value <= self.limit() for value in order)
        self.same(f"the listed sets as within {self.settings.within:g} of the best", True, near)
        if "unconstrained" in self.content:
            self.free = self.item(self.content["unconstrained"])
            better = not order or self.rank(self.free) <= order[0]
            self.same("the best set without constraints as no worse than the best", True, better)
        bound = self.content["bound"]
        bound = None if bound is None else _real(bound, "bound")
        if not self.listed:
            return ["nothing was found yet"]
        best = self.listed[0]
        if self.complete:
            self.same("the bound", bound, best.approximate)
        elif bound is not None and bound > best.approximate * (1 + 1e-9):
            raise WrongResult(self.path, "the bound", f"{bound:g}", f"at most {best.approximate:g}")
        name = self.settings.objective.name
        line = f"{self.settings.size}: {name} {best.value} of {','.join(best.moduli)} is exact"
        more = f", and the values of {len(self.listed) - 1} more" if len(self.listed) > 1 else ""
        held = f"; {', '.join(c.text for c in self.settings.constraints)} hold" if self.settings.constraints else ""
        return [f"{line}, from its proved matrices{more}{held}"]

    def rank(self, item: PointSet) -> Number:
        """The exact value, the less the better."""
        return item.number * self.settings.objective.sign

    def limit(self) -> Number:
        """The greatest rank of a set within the distance from the best."""
        best = self.rank(self.listed[0])
        limit: Number = best + abs(best) * Rational(str(self.settings.within))
        return limit

    def counts(self) -> list[str]:
        """The number of sets, from a second enumeration; classes and settings as the code computes them."""
        settings, space = self.settings, self.settings.space
        self.same("the count", _whole(self.content, "count"), count_again(space))
        classes = space.classes(settings.equivalences)
        self.same("the number of classes", _whole(self.content, "classes"), classes)
        self.same("the hash of the settings", self.content["settings"], settings.sha256)
        self.same("the size", self.content["size"], settings.size)
        self.same("the list of equivalences", self.content["equivalences"], list(settings.equivalences))
        self.same("the tolerance", settings.slack, tolerant(settings)[0].slack)
        covered, visited = _whole(self.content, "covered"), _whole(self.content, "visited")
        possible = 0 <= covered <= space.count and visited >= int(self.complete)
        self.same("the numbers of covered and evaluated sets as possible", True, possible)
        if self.complete and not settings.constraints:
            self.same("the number of covered sets", covered, space.count)
            if settings.strategy == "exhaustive":
                self.same("the number of evaluated sets", visited, classes)
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
        found = self.again(other, [item.text for item in self.settings.constraints], thorough)
        self.same("the best value by " + other, self.listed[0].value, found.best.value if found.best else None)
        stated, again = self.inner(self.listed), self.inner([item for item in (found.best, *found.others) if item])
        self.same("the list of sets by " + other, stated, again)
        if self.free is not None:
            free = self.again(other, [], thorough).best
            self.same("the best value without constraints", self.free.value, free.value if free else None)
        return [f"no set of the space is better: searched again by {other} ({found.visited:,} evaluations)"]

    def again(self, strategy: str, constraints: list[str], thorough: bool) -> SearchResult:
        """The same search by a strategy."""
        return search_space(
            self.settings.space,
            self.settings.objective,
            axes=self.settings.axes,
            constraints=constraints,
            strategy=strategy,
            convention=self.settings.convention,
            within=self.settings.within,
            allow_long=thorough,
        )

    def inner(self, sets: list[PointSet]) -> list[str]:
        """The sets by name, those at the very edge of the distance left out: floats decide there."""
        limit = self.limit()
        edge = limit - abs(limit) * EDGE if self.settings.within else limit
        return sorted(",".join(item.moduli) for item in sets if self.rank(item) <= edge)

    def sampled(self) -> list[str]:
        """No random set is better; says that this is no proof."""
        best, count = self.listed[0].approximate, 0
        sign = self.settings.objective.sign
        for moduli, value in _random_sets(self.settings):
            count += 1
            worse = sign * value >= sign * best - abs(best) * 1e-9
            if not worse and self.settings.feasible(self.settings.algorithm(moduli)):
                raise WrongResult(
                    self.path, f"the value of {','.join(moduli)}", f"no better than {best:g}", f"{value:g}"
                )
        return [
            f"none of {count:,} random sets is better, which proves nothing; "
            "not checked: that no set is (verify --thorough searches again by the other strategy)"
        ]


def _random_sets(settings: Settings) -> Iterator[tuple[tuple[str, ...], float]]:
    generator, parts = random.Random(0), settings.parts
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
            yield part.texts(chosen), settings.gain(values(made, [tuple(chosen)])[0])
        else:
            yield part.texts(chosen), point_set(settings, part.texts(chosen)).approximate


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
