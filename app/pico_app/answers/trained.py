"""The prototypes of a training: a kept training read from disk, as the Prototypes page draws a construction."""

from dataclasses import dataclass
from pathlib import Path

from pico_app.answers.datasets import changed_on_disk
from pico_app.server.answer import answer
from pico_app.server.places import opened_place
from pico_core.columns.trajectories import PrototypePlanes, history_planes
from pico_core.common.axes import ItemMeans
from pico_core.common.errors import DataError
from pico_core.training.checkpoints import read_prototypes


@dataclass(frozen=True, eq=False)
class TrainedView:
    """What is drawn of a training.

    Attributes:
        planes: Where the prototypes of its epochs went.
        probabilities: Semantic probability of every column at every epoch that had a construction [t, d].
        epochs: Their numbers.
    """

    planes: PrototypePlanes
    probabilities: ItemMeans
    epochs: tuple[int, ...]

    @property
    def sentence(self) -> str:
        """How far the prototypes moved while heads, or the encoder, learned."""
        first, last = self.epochs[0], self.epochs[-1]
        if first == last:
            return f"Only epoch {first} has prototypes, so there is no way to see."
        image, text = self.planes.image.movement, self.planes.text.movement
        return (
            f"From epoch {first} to epoch {last} the furthest prototype went {image:.1%} of the columns' spread on the "
            f"image side, {text:.1%} on the text side. The training moved the columns as well; they are drawn as they "
            "were at the last construction."
        )


def trained_prototypes(path: str) -> TrainedView:
    """Read the prototypes of a training; read anew where the file changed.

    Args:
        path: Of the file that `pico-lens train` keeps of one training.

    Raises:
        PicoError: nothing there, no training, or one that built no prototypes; says the mend.
    """
    file = opened_place(path)
    if not file.is_file():
        raise DataError(
            f"{path[:80]}: no file there; name what pico-lens train keeps of one training, such as "
            "trainings/seed-0/pico.safetensors"
        )
    return _read(str(file), changed_on_disk(file))


@answer(entries=4)
def _read(path: str, changed: str) -> TrainedView:
    prototypes = read_prototypes(Path(path))
    if not prototypes.epochs or prototypes.image_columns is None or prototypes.text_columns is None:
        raise DataError(
            f"{Path(path).name}: this training built no prototypes (P = 1, signs alone, a trained vector, or only one "
            "epoch); name the file of a training with pico, such as seed-0/pico.safetensors"
        )
    planes = history_planes(
        prototypes.history, image_columns=prototypes.image_columns, text_columns=prototypes.text_columns
    )
    return TrainedView(planes, prototypes.history.probabilities, prototypes.epochs)
