# SPDX-License-Identifier: Apache-2.0
"""Where the images of a network lie in one piece of memory: those that live at the same time lie apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def placed_images(sizes: Mapping[int, int], steps: Sequence[tuple[Sequence[int], int]]) -> tuple[dict[int, int], int]:
    """An offset for every image, and how much memory all of them take; large ones are placed first.

    An image lives from the step that writes it to the last one that reads it; what no step writes lives from the start.
    What a step reads and what it writes lie apart.

    >>> placed_images({0: 8, 1: 4, 2: 4, 3: 4}, [((0,), 1), ((1,), 2), ((2,), 3)])
    ({0: 0, 1: 8, 2: 0, 3: 4}, 12)
    """
    born = dict.fromkeys(sizes, 0)
    born |= {output: number for number, (_, output) in reversed(list(enumerate(steps)))}
    dies = {image: max([born[image], *(n for n, (read, _) in enumerate(steps) if image in read)]) for image in sizes}
    places: dict[int, int] = {}
    for image in sorted(sizes, key=lambda item: (-sizes[item], born[item])):
        others = sorted(
            (places[other], places[other] + sizes[other])
            for other in places
            if born[other] <= dies[image] and born[image] <= dies[other]
        )
        start = 0
        for low, high in others:
            if start + sizes[image] <= low:
                break
            start = max(start, high)
        places[image] = start
    return places, max((places[image] + size for image, size in sizes.items()), default=0)
