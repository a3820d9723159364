"""One function over many blocks by Ray's tasks, with a bounded number of them under way."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import torch

from pico_core.common.errors import DataError, PicoError, SettingError
from pico_core.common.reporter import SILENT, Reporter

Item = TypeVar("Item")
Result = TypeVar("Result")

RETRIES = 3  # of a block whose worker dies
AHEAD = 2  # blocks under way per core: one is done, one waits
LOOK_SECONDS = 0.2  # between two looks at what is done, and at whether the work is still wanted
CALM_SECONDS = 1.0  # between the last block that is sent and the first that is cancelled
COUNT_SECONDS = 5.0  # between two counts of the cores: a cluster may grow


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster that this process has joined (`cluster_at`).

    Attributes:
        address: As a person wrote it.
        gpus: How many (or which share of one) every block needs.
    """

    address: str
    gpus: float = 0.0

    @property
    def n_at_once(self) -> int:
        """How many blocks are done at the same time."""
        import ray

        resources = ray.cluster_resources()
        at_once = resources.get("CPU", 1.0)
        return max(1, int(min(at_once, resources.get("GPU", 0.0) / self.gpus) if self.gpus else at_once))

    def each(
        self,
        work: Callable[..., Result],
        items: Sequence[Item],
        *shared: Any,
        on_result: Callable[[int, Result], None],
        reporter: Reporter = SILENT,
    ) -> None:
        """Do `work(item, *shared)` for every item, one core each; a worker that dies costs its item only.

        Args:
            work: A function that the workers can import, or one that is sent to them whole.
            items: Small.
            shared: What all of them need; sent to every machine once.
            on_result: Told the place of an item and its result, in the order in which they end. What it raises ends
                the work: what is under way is cancelled.
            reporter: Checked a few times a second.

        Raises:
            PicoError: a worker raised one, cannot import this program, or cannot read its data; or one died again and
                again.
            ValueError: a worker raised one.
        """
        import ray

        task = ray.remote(_work).options(num_cpus=1, num_gpus=self.gpus, max_retries=RETRIES, retry_exceptions=False)
        references = [ray.put(argument) for argument in shared]
        todo = iter(enumerate(items))
        waiting: dict[Any, int] = {}
        at_once, counted = self.n_at_once, time.monotonic()
        try:
            while True:
                for position, item in islice(todo, max(0, AHEAD * at_once - len(waiting))):
                    waiting[task.remote(work, item, *references)] = position
                if not waiting:
                    return
                for done in ray.wait(list(waiting), num_returns=1, timeout=LOOK_SECONDS)[0]:
                    on_result(waiting[done], _result(done))
                    del waiting[done]
                reporter.check()
                if time.monotonic() - counted > COUNT_SECONDS:
                    at_once, counted = self.n_at_once, time.monotonic()
        except ray.exceptions.RayError as error:
            raise SettingError(f"the Ray cluster at {self.address} was lost ({_first_line(error)})") from None
        finally:
            if waiting:
                _cancel(list(waiting))

    def all(
        self, work: Callable[..., Result], items: Sequence[Item], *shared: Any, reporter: Reporter = SILENT
    ) -> list[Result]:
        """The results of all items, in the order of the items, whatever the order in which they ended.

        Args:
            work: As in `each`.
            items: As in `each`.
            shared: As in `each`.
            reporter: Hears of the share of the items.
        """
        results: dict[int, Result] = {}

        def keep(position: int, result: Result) -> None:
            results[position] = result
            reporter.share(len(results) / len(items))

        self.each(work, items, *shared, on_result=keep, reporter=reporter)
        return [results[position] for position in range(len(items))]


def _cancel(waiting: list[Any]) -> None:
    """Cancel what is under way; the workers live on, ready for the next work.

    Ray 2.60 ends this process if a task is cancelled while it is on its way to a worker. So short blocks may end
    first, and those that wait are cancelled before those that run, whose ends would send them on their way.
    """
    import ray

    _, unfinished = ray.wait(waiting, num_returns=len(waiting), timeout=CALM_SECONDS)
    left = set(unfinished)
    for reference in reversed([reference for reference in waiting if reference in left]):
        ray.cancel(reference)


def _work(work: Callable[..., Result], item: Item, *shared: Any) -> Result:
    """What a worker does: one block on one core, since every core has a worker of its own."""
    torch.set_num_threads(1)
    return work(item, *shared)


def _result(done: Any) -> Any:
    """The result of a task, or what went wrong in words."""
    import ray

    try:
        return ray.get(done)
    except ray.exceptions.RayTaskError as error:
        cause = error.cause
        if isinstance(cause, ModuleNotFoundError):
            raise SettingError(
                f"a worker of the Ray cluster cannot import {cause.name}; install the same pico-lens on all machines"
            ) from None
        if isinstance(cause, PicoError | ValueError):
            raise cause from None
        if isinstance(cause, OSError) and cause.filename:
            raise DataError(
                f"{cause.filename}: a worker of the Ray cluster cannot read it ({cause.strerror or cause}); the "
                "dataset must lie at the same path on all machines: put it on a shared disk"
            ) from None
        raise
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError) as error:
        raise SettingError(
            f"a worker of the Ray cluster died {RETRIES + 1} times on the same block ({_first_line(error)}); machines "
            "that run out of memory need fewer workers: start them with --num-cpus"
        ) from None


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
