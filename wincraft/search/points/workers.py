# SPDX-License-Identifier: Apache-2.0
"""Running tasks here, on several cores, or on a dask cluster, always in the same order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import ModuleType

from wincraft.errors import BadValue, ToolFailed, import_tool
from wincraft.search.points.strategies import Outcome, Task, run_task

CONNECT_SECONDS = 10
"""How long a cluster's scheduler may take to answer."""

MAX_JOBS = 1024
"""Most threads or processes on one machine."""

Mapper = Callable[[Sequence[Task]], list[Outcome]]


@contextmanager
def workers(jobs: int, cluster: str | None, threads: bool) -> Iterator[Mapper]:
    """A function that runs tasks and returns their outcomes in order.

    Compiled kernels run in threads, everything else in processes; -1 jobs are all cores.

    Raises:
        MissingTool, ToolFailed: without joblib or dask where they are needed.
        BadValue: for a number of jobs that is none.
        ToolFailed: for a cluster that does not answer.
    """
    if jobs == 0 or not -1 <= jobs <= MAX_JOBS:
        raise BadValue("the number of jobs", str(jobs), f"give 1 to {MAX_JOBS}, or -1 for all cores")
    if jobs == 1 and cluster is None:
        yield lambda tasks: [run_task(task) for task in tasks]
        return
    what, extra = ("several cores", "search") if cluster is None else ("a cluster", "cluster")
    joblib = import_tool("joblib", f"search on {what}", extra)
    with ExitStack() as stack:
        if cluster is not None:
            stack.enter_context(_cluster(cluster, joblib))
        backend = {"prefer": "threads" if threads else "processes"} if cluster is None else {}
        parallel = stack.enter_context(joblib.Parallel(n_jobs=jobs if cluster is None else -1, **backend))
        yield lambda tasks: list(parallel(joblib.delayed(run_task)(task) for task in tasks))


@contextmanager
def _cluster(address: str, joblib: ModuleType) -> Iterator[None]:
    distributed = import_tool("distributed", "search on a cluster", "cluster")
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ToolFailed(f"cluster {address}", reason[:120], "check that the scheduler runs there") from None
    with client, joblib.parallel_config(backend="dask", client=client):
        yield
