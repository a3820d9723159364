"""Foreign files in, `PairedEmbeddings` out."""

from collections.abc import Mapping
from pathlib import Path

from pico_core.data.pairs import PairedEmbeddings
from pico_core.errors import DataError
from pico_core.formats.gathering import build, gather, open_foreign
from pico_core.formats.inspection import ArrayInfo, Inspection, inspect_dataset
from pico_core.formats.roles import shape_problems

__all__ = ["ArrayInfo", "Inspection", "import_arrays", "inspect_dataset"]


def import_arrays(
    path: Path | str,
    *,
    mapping: Mapping[str, str] | None = None,
    images: Path | str | None = None,
    texts: Path | str | None = None,
    text_path: Path | str | None = None,
    name: str | None = None,
) -> PairedEmbeddings:
    """Read a dataset from arrays that another program wrote.

    Roles are image_emb, text_emb, image_mask, text_mask, image_index, captions, ids and
    image_paths. Arrays with common names find their role themselves; `mapping` names the others
    and wins. Other arrays of text become labels when they are as many as the images or the texts.
    Headers are checked before anything is allocated, and no pickle is ever opened.

    Args:
        path: .npz, .safetensors, .pt or .pth (a dictionary), or the .npy of the images.
        mapping: Role to array name, such as {"image_emb": "image_emb_random"}.
        images: .parquet or .csv with one row per image, in order: id, path, and labels.
        texts: The same with one row per text: caption, image_index or the image's id, and labels.
            What a table says of these wins over an array of the file, except that images named in the
            table of texts pair only where no image_index does.
        text_path: The .npy of the texts when `path` is one.
        name: What to call the dataset; default from the file.

    Raises:
        DataError: the first thing that is wrong, with file, array, what was found and the mend.
    """
    foreign = open_foreign(path, mapping=mapping, images=images, texts=texts, text_path=text_path)
    for problem in shape_problems(foreign.source.headers, foreign.roles, paired=foreign.paired):
        raise DataError(f"{foreign.source.path.name}: {problem}")
    return build(foreign, gather(foreign), name=name)
