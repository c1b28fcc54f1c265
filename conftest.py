# SPDX-License-Identifier: Apache-2.0
"""What is collected: what PyTorch, or a C compiler, is there for, and slow tests only where they are asked for."""

from __future__ import annotations

import gc
import os
import shutil
from importlib.util import find_spec

import pytest

collect_ignore = [] if find_spec("torch") else ["wincraft/torch", "tests/oracle/oracle_layers.py"]
if not (os.environ.get("CC") or any(map(shutil.which, ("cc", "gcc", "clang")))):
    collect_ignore += ["wincraft/files/compiler.py", "wincraft/files/kernels.py"]


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Keep the garbage collector off what is collected: it lives to the end, and walking it takes long."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow tests out, unless ``-m`` or ``-k`` chooses tests or the test's file is named."""
    for item in items:
        case = item.name.partition("[")[2]
        if any(text in case for mark in item.iter_markers("slow_cases") for text in mark.args):
            item.add_marker("slow")
    if config.option.markexpr or config.option.keyword:
        return
    named = {(config.invocation_params.dir / argument.partition("::")[0]).resolve() for argument in config.args}
    slow = [item for item in items if item.get_closest_marker("slow") and item.path not in named]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
