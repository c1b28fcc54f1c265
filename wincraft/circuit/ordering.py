# SPDX-License-Identifier: Apache-2.0
"""How many values a program holds at one time, and orders of its operations in which it holds few."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from math import log
from random import Random
from typing import NamedTuple

from wincraft.circuit.program import Operation, Program
from wincraft.errors import BadValue

_STATES = 20_000
_MOST_INPUTS = 15
_STEPS = 750_000
_TEMPERATURE = 0.05
_POWER = 8

TRIED_ORDERS = 3_000
"""Orders of the outputs that a round of `reordered` tries."""


def live(program: Program) -> int:
    """The most values that are held at one time when the operations run in their order: registers of scalar code.

    An input is loaded by the first operation that reads it, once. A value is held from then, or from when it is made,
    to its last use. An output is stored as soon as it is made and held on only where an operation still reads it. At an
    operation its operands count together with all that is held; after it, its result in their stead: the result may
    take the place of an operand that is used there for the last time.

    >>> chain = Program.build(3, [("add", 0, 1), ("add", 3, 2)], [4])
    >>> butterfly = Program.build(2, [("add", 0, 1), ("subtract", 0, 1)], [2, 3])
    >>> live(chain), live(butterfly)
    (2, 3)
    """
    return _Uses(program).peak(range(len(program.operations)))


def depth(program: Program) -> int:
    """The operations on the longest way from an input to an output, shifts and multiplications among them.

    >>> depth(Program.build(3, [("add", 0, 1), ("shift", 3, 2), ("add", 4, 2), ("add", 0, 2)], [5, 6]))
    3
    """
    reached = [0] * program.inputs
    for operation in program.operations:
        reached.append(1 + max(reached[operand] for operand in operation.operands))
    return max(reached[output] for output in program.outputs)


def reordered(program: Program, seed: int = 0, rounds: int = 4, orders: int = TRIED_ORDERS) -> Program:
    """The same operations in an order with as few `live` values as is found, the program itself if none is better.

    The fewest there are, by best-first search over sets of operations that are done, where 20,000 of those suffice, as
    they do for one-dimensional transforms; it is not tried for more than 15 inputs. Else outputs are made one after the
    other, each with what it needs and all that then can be done without holding more, and simulated annealing looks for
    the order of the outputs, of which every round tries so many `orders` at most: of a two-dimensional transform it
    begins with row by row. The same seed, rounds and orders give the same order.

    Raises:
        BadValue: for less than one round or order.

    >>> both = Program.build(4, [("add", 0, 1), ("add", 2, 3), ("subtract", 0, 1), ("subtract", 2, 3)], [4, 5, 6, 7])
    >>> live(both), live(reordered(both))
    (5, 3)
    """
    for what, given in (("rounds", rounds), ("orders", orders)):
        if isinstance(given, bool) or not isinstance(given, int) or given < 1:
            raise BadValue(f"the number of {what}", str(given), "give at least 1")
    uses, count = _Uses(program), len(program.operations)
    found = uses.exact() if program.inputs <= _MOST_INPUTS else None
    if found is None:
        found = _annealed(uses, Random(seed), rounds, orders)
    return program if uses.peak(range(count)) <= uses.peak(found) else in_order(program, found)


def fewest_live(program: Program) -> int | None:
    """The fewest `live` values of any order of the operations; None where 20,000 sets of operations do not tell.

    >>> both = Program.build(4, [("add", 0, 1), ("add", 2, 3), ("subtract", 0, 1), ("subtract", 2, 3)], [4, 5, 6, 7])
    >>> fewest_live(both)
    3
    """
    uses = _Uses(program)
    order = uses.exact()
    return None if order is None else uses.peak(order)


def in_order(program: Program, order: Sequence[int]) -> Program:
    """The program with its operations, which are numbered from 0, in another order.

    Raises:
        BadShape: where an operation stands before one whose result it reads.

    >>> two = Program.build(1, [("shift", 0, 2), ("shift", 0, 4)], [1, 2])
    >>> in_order(two, [1, 0]).outputs
    (2, 1)
    """
    place = {k: k for k in range(program.inputs)} | {program.inputs + k: -1 for k in order}
    operations: list[Operation] = []
    for number in order:
        operation = program.operations[number]
        operations.append(operation._replace(operands=tuple(place[k] for k in operation.operands)))
        place[program.inputs + number] = program.inputs + len(operations) - 1
    return Program(program.inputs, tuple(operations), tuple(place[k] for k in program.outputs), program.domain)


class _State(NamedTuple):
    """A set of operations that are done, those that are ready, the values that are held, the most that were."""

    peak: int
    live: int
    done: int
    ready: int
    last: tuple[object, int] | None
    """(what came before, the last operation): the order, backwards."""

    def order(self) -> list[int]:
        """The operations in the order in which they were done."""
        found, link = list[int](), self.last
        while link is not None:
            link, number = link  # type: ignore[assignment]
            found.append(number)
        return found[::-1]


class _Uses:
    """Which operations read and make which values, as sets of bits."""

    def __init__(self, program: Program) -> None:
        self.inputs, count = program.inputs, len(program.operations)
        self.operands = [tuple(dict.fromkeys(operation.operands)) for operation in program.operations]
        self.users = [0] * (program.inputs + count)
        self.before = [0] * count
        for number, operands in enumerate(self.operands):
            for value in operands:
                self.users[value] |= 1 << number
                if value >= program.inputs:
                    self.before[number] |= 1 << (value - program.inputs)
        self.readers = [list(_bits(mask)) for mask in self.users]
        read = {value for operands in self.operands for value in operands}
        ends = [k - program.inputs for k in dict.fromkeys(program.outputs) if k >= program.inputs]
        self.ends = ends + [k for k in range(count) if k not in ends and program.inputs + k not in read]
        self.everything = (1 << count) - 1
        copied = any(output < program.inputs for output in program.outputs)
        ready = sum(1 << number for number, needed in enumerate(self.before) if not needed)
        self.start = _State(int(copied), 0, 0, ready, None)

    def peak(self, order: Iterable[int]) -> int:
        """The most values held in an order of the operations."""
        state = self.start
        for number in order:
            state = self.after(state, number)
        return state.peak

    def change(self, done: int, number: int) -> tuple[int, int]:
        """How many operands an operation loads, and how many it is the last to use."""
        users, left = self.users, ~(done | 1 << number)
        loads = kills = 0
        for value in self.operands[number]:
            loads += value < self.inputs and not users[value] & done
            kills += not users[value] & left
        return loads, kills

    def after(self, state: _State, number: int) -> _State:
        """The state after one more operation."""
        loads, kills = self.change(state.done, number)
        loaded = state.live + loads
        made = loaded - kills + 1
        done, readers = state.done | 1 << number, self.users[self.inputs + number]
        ready = state.ready & ~(1 << number)
        for reader in _bits(readers):
            if not self.before[reader] & ~done:
                ready |= 1 << reader
        peak = max(state.peak, loaded, made)
        return _State(peak, made if readers else made - 1, done, ready, (state.last, number))

    def settled(self, state: _State) -> _State:
        """The state after all operations that cannot make it worse.

        Those are ready, load nothing and use an operand for the last time: it would be held until then, and their
        result takes its place.
        """
        fresh = state.ready
        while fresh:
            number = (fresh & -fresh).bit_length() - 1
            fresh &= fresh - 1
            loads, kills = self.change(state.done, number)
            if not loads and kills:
                state = self.after(state, number)
                fresh = state.ready
        return state

    def exact(self) -> list[int] | None:
        """An order with the fewest live values; None where there are too many states to look at all."""
        start = self.settled(self.start)
        heap, reached, pushed = [(start.peak, -start.done.bit_count(), 0, start)], {start.done: start.peak}, 0
        while heap:
            peak, *_, state = heappop(heap)
            if state.done == self.everything:
                return state.order()
            if peak > reached[state.done]:
                continue
            for number in _bits(state.ready):
                following = self.settled(self.after(state, number))
                if following.peak < reached.get(following.done, following.peak + 1):
                    reached[following.done], pushed = following.peak, pushed + 1
                    heappush(heap, (following.peak, -following.done.bit_count(), pushed, following))
            if pushed > _STATES:
                return None
        return None

    def by_outputs(self, outputs: Iterable[int]) -> tuple[int, int, list[int]]:
        """An order that gives outputs one after the other, behind its sum of live values to a power and its peak.

        What each needs comes first, and at once whatever is ready, loads nothing and uses an operand for the last time.
        """
        inputs, operands, readers = self.inputs, self.operands, self.readers
        left, made = [len(numbers) for numbers in readers], [False] * len(readers)
        order, held, cost, peak = list[int](), 0, 0, 0
        for output in outputs:
            stack = [output]
            while stack:
                missing = [value - inputs for value in operands[stack[-1]] if value >= inputs and not made[value]]
                if missing:
                    stack += missing
                    continue
                ready = [stack.pop()]
                while ready:
                    number = ready.pop()
                    result = inputs + number
                    if made[result]:
                        continue
                    kills, near = 0, list(readers[result])
                    for value in operands[number]:
                        if not made[value]:
                            made[value], held = True, held + 1
                            near += readers[value]
                        left[value] -= 1
                        if left[value] <= 1:
                            kills += not left[value]
                            near += readers[value]
                    made[result] = True
                    order.append(number)
                    most = max(held, held - kills + 1)
                    cost, peak = cost + most**_POWER, max(peak, most)
                    held += bool(readers[result]) - kills
                    for reader in near:
                        if not made[inputs + reader]:
                            known = [left[value] for value in operands[reader] if made[value]]
                            if len(known) == len(operands[reader]) and 1 in known:
                                ready.append(reader)
        return cost, peak, order


def _annealed(uses: _Uses, random: Random, rounds: int, orders: int) -> list[int]:
    """An order by outputs of low cost, with few live values."""
    outputs = uses.ends
    least, peak, order = uses.by_outputs(outputs)
    best = outputs
    for _ in range(rounds):
        outputs, cost = best, least
        steps = min(orders, _STEPS // len(order))
        for step in range(steps):
            moved = _moved(outputs, random)
            found, reached, by = uses.by_outputs(moved)
            allowed = _TEMPERATURE * (1 - step / steps) ** 2 * random.expovariate(1)
            if log(found / cost) <= allowed:
                outputs, cost = moved, found
            if found < least:
                least, best = found, moved
            if reached < peak:
                order, peak = by, reached
    return order


def _moved(outputs: list[int], random: Random) -> list[int]:
    """The outputs with some neighbours moved elsewhere, or two of them exchanged."""
    changed, size = list(outputs), len(outputs)
    if random.random() < 0.7:
        start = random.randrange(size)
        part = changed[start : start + random.randrange(1, 9)]
        del changed[start : start + len(part)]
        to = random.randrange(len(changed) + 1)
        changed[to:to] = part
    else:
        i, j = random.randrange(size), random.randrange(size)
        changed[i], changed[j] = changed[j], changed[i]
    return changed


def _bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
