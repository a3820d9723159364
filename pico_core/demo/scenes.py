"""Make the demos of styled scenes anew: train every recipe, measure, encode the demo's pictures, run.

What is finished is kept in a work folder, so that an interrupted build goes on where it was. The folder of the demos
is replaced at the end, in one step: pictures, datasets, runs and the record belong together.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import polars as pl

from pico_core.common.reporter import Reporter
from pico_core.data.compact import rounded_to_bytes
from pico_core.data.scenes import Scenes, ScenesConfig, render_scenes
from pico_core.demo.catalogue import CAPTIONS, PICTURES, RECORD, Demo, check_replaceable
from pico_core.demo.encoding import IMAGE_LABELS, encode_scenes
from pico_core.demo.measures import DEMO_SEED, DEVELOPMENT_SEED, FINAL_SEED, EncoderMeasures, measure_encoder
from pico_core.demo.probes import save_probes
from pico_core.demo.recipes import TRAINING, TRAINING_SEED, Recipe, scene_vocabulary
from pico_core.demo.record import MeasuredRecipe, write_record
from pico_core.demo.runs import save_runs
from pico_core.encoders import load_small, save_small
from pico_core.encoders.words import piece_counts
from pico_core.formats.native import save_pairs
from pico_core.storage.atomic import atomic_folder, write_atomically
from pico_core.storage.structure import structure
from pico_core.training.encoder import Step, train_encoder
from pico_core.training.settings import TrainingConfig

N_DEMO: Final = 280  # with the small encoders, all assets stay below 12 MB
N_DEVELOPMENT: Final = 400
N_FINAL: Final = 600
DEVELOPMENT_SEEDS: Final = (0, 1, 2)
FINAL_SEEDS: Final = (0, 1, 2, 3, 4)
TOLD_EVERY: Final = 25  # steps

Tell = Callable[[str], None]


def build_encoder(
    recipe: Recipe, work: Path, *, config: TrainingConfig = TRAINING, tell: Tell = lambda _: None
) -> Path:
    """Train the encoder of a recipe, or go on with it; the file of its weights in the work folder."""
    target = work / f"{recipe.name}.safetensors"
    if target.is_file():
        return target
    work.mkdir(parents=True, exist_ok=True)
    tell(f"{recipe.name}: rendering {recipe.scenes.n_images:,} scenes")
    scenes = render_scenes(recipe.scenes, seed=TRAINING_SEED)

    model = train_encoder(
        scenes,
        scene_vocabulary(),
        config=config,
        checkpoint=work / f"{recipe.name}.training",
        reporter=_Steps(recipe.name, tell),
    )
    return save_small(model, scene_vocabulary(), target, config=config.model, name=f"scenes {recipe.name}")


class _Steps(Reporter):
    """Tells of some steps of a training, with their loss."""

    def __init__(self, name: str, tell: Tell) -> None:
        self._name, self._tell = name, tell

    def step(self, done: int, total: int, *, name: str = "", record: object = None) -> None:
        if isinstance(record, Step) and (done % TOLD_EVERY == 0 or done == total):
            self._tell(f"{self._name}: step {done} of {total}, loss {record.loss:.2f}")


def measure_recipe(recipe: Recipe, work: Path, *, part: str, tell: Tell = lambda _: None) -> EncoderMeasures:
    """Measure a trained recipe on the development scenes, or on the final ones; done once."""
    kept = work / f"{recipe.name}.{part}.json"
    if kept.is_file():
        return structure(EncoderMeasures, json.loads(kept.read_text()))
    tell(f"{recipe.name}: measuring on the {part} scenes")
    final = part == "final"
    measures = measure_encoder(
        load_small(work / f"{recipe.name}.safetensors"),
        seed=FINAL_SEED if final else DEVELOPMENT_SEED,
        n_images=N_FINAL if final else N_DEVELOPMENT,
        seeds=FINAL_SEEDS if final else DEVELOPMENT_SEEDS,
        name=f"{recipe.name} ({part} scenes)",
    )
    write_atomically(kept, json.dumps(asdict(measures), allow_nan=False).encode())
    return measures


def build_pictures(folder: Path) -> Scenes:
    """Render the demo's scenes and write pictures and captions as people keep them: files and a table."""
    scenes = render_scenes(ScenesConfig(n_images=N_DEMO), seed=DEMO_SEED)
    pictures = folder / PICTURES
    pictures.mkdir(parents=True, exist_ok=True)
    names = [f"{i:03d}.webp" for i in range(N_DEMO)]
    for i, name in enumerate(names):
        scenes.picture(i).save(pictures / name, quality=90, method=6)
    owner = scenes.text_image.tolist()
    pl.DataFrame(
        {
            "image": [names[image] for image in owner],
            "caption": scenes.captions,
            "register": scenes.texts["register"],
            **{label: scenes.images[label][owner] for label in IMAGE_LABELS},
        }
    ).write_csv(folder / CAPTIONS)
    return scenes


def build_demo(demo: Demo, encoder_file: Path, scenes: Scenes) -> None:
    """Encode the demo's pictures as they lie in their files, and do both runs, the maps and the style probes."""
    demo.folder.mkdir(parents=True, exist_ok=True)
    write_atomically(demo.encoder, encoder_file.read_bytes())
    files = sorted((demo.folder.parent / PICTURES).iterdir())
    encoded = encode_scenes(load_small(demo.encoder), scenes, name=demo.title, files=files)
    pairs = rounded_to_bytes(encoded.pairs)
    beside = [f"../../{PICTURES}/{file.name}" for file in files]
    pairs = replace(pairs, images=pairs.images.with_columns(pl.Series("path", beside)))
    save_pairs(pairs, demo.dataset, packed=True)
    piece_counts(pairs).write_parquet(demo.words, statistics=False)
    save_runs(pairs, demo)
    save_probes(demo)


def build_scenes(
    recipes: tuple[Recipe, ...], demos: dict[str, Demo], *, work: Path, tell: Tell = lambda _: None
) -> tuple[MeasuredRecipe, ...]:
    """Train, measure and record all recipes, and make the demos of those that have one.

    Args:
        recipes: All that are compared.
        demos: The demo of a recipe, by the recipe's name; all in one folder.
        work: Keeps what is finished.
        tell: Hears in words how far it is.

    Raises:
        DataError: the folder of the demos, or that of one, holds something that no build wrote.
        SettingError: another process writes the folder.
    """
    folder = next(iter(demos.values())).folder.parent
    check_replaceable(folder, {PICTURES, CAPTIONS, RECORD, *(demo.folder.name for demo in demos.values())})
    for demo in demos.values():
        check_replaceable(demo.folder, demo.parts)
    measured = []
    for recipe in recipes:
        build_encoder(recipe, work, tell=tell)
        development = measure_recipe(recipe, work, part="development", tell=tell)
        final = measure_recipe(recipe, work, part="final", tell=tell) if recipe.name in demos else None
        name = demos[recipe.name].name if recipe.name in demos else ""
        measured.append(MeasuredRecipe(recipe.name, recipe.sentence, name, development, final))
    with atomic_folder(folder) as fresh:
        scenes = build_pictures(fresh)
        for recipe_name, demo in demos.items():
            tell(f"{demo.name}: encoding and running")
            build_demo(demo.within(fresh), work / f"{recipe_name}.safetensors", scenes)
        write_record(tuple(measured), fresh)
    return tuple(measured)
