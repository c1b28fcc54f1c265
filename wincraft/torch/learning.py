# SPDX-License-Identifier: Apache-2.0
"""The options by which a layer learns or balances more than its weights."""

from __future__ import annotations

from typing import NamedTuple

TRANSFORMS = dict.fromkeys(("static", "flex", "diagonals"))
"""What of the transforms is learned: nothing, the matrices next to the taps, or one factor per tap of U and of V."""


class Learning(NamedTuple):
    """What is learned or balanced besides the weights; see `WinogradConv2d`."""

    transforms: str = "static"
    scales: bool = False
    balance_channels: bool = False
    rank_one_scales: bool = False

    def describe(self) -> str:
        """The options that are on.

        >>> Learning("flex", rank_one_scales=True).describe()
        'flex transforms, rank-one scales'
        """
        on = [name.replace("rank_one", "rank-one").replace("_", " ") for name, value in self._asdict().items() if value]
        return ", ".join([f"{self.transforms} transforms", *on[1:]])
