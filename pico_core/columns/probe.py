"""The style probe: how much of every column moves when only style moves. Beyond the paper.

Content is fixed within an item, so whatever moves between the item's variants is style:

    share_d = sum_is (v_isd - mean_s v_isd)² / sum_is (v_isd - mean_is v_isd)²        in [0, 1]

over items i and variants s of their token means. It asks nothing of the method, so it can check it.
Where nothing can be encoded again, style labels give eta² in the same form: an association, no cause.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl
import torch
from torch import Tensor

from pico_core.columns.style_shares import ShareBand, eta_band, style_share
from pico_core.common.axes import Columns
from pico_core.common.errors import DataError
from pico_core.data.labels import style_labels
from pico_core.data.pairs import PairedEmbeddings
from pico_core.encoders.perturbations.variants import StyleVariants, Variants
from pico_core.method.basis import Basis
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.uncertainty import bootstrap_counts

Modality = Literal["image", "text"]
Source = Literal["encoder", "labels"]
ALL: Final = "all"
FIXED: Final = "all at fixed style"  # items are compared with items of their own style label
MIN_PER_STYLE: Final = 3  # items of a style, on average
UNMOVED: Final = 1e-5  # no token mean changes by more: the encoder does not see this perturbation
SCHEMA: Final = {
    "modality": pl.String,
    "perturbation": pl.String,
    "column": pl.Int64,
    "share": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "chance": pl.Float64,
}
PLURAL: Final[dict[str, str]] = {"image": "images", "text": "texts"}


@dataclass(frozen=True)
class ProbeSide:
    """One modality of a probe.

    Attributes:
        modality: "image" or "text".
        n_items: Pictures or captions.
        n_variants: Perturbations that count in "all", or style labels.
        overall: Share of the variance of all columns together; the level that a column is to be read against.
        without_effect: Perturbations that this encoder does not see; not in "all".
        aside: Perturbations that may have changed content as well; not in "all".
        fixed: The same with items compared only within their style label; None where there is no label.
        chance: What chance alone would give: 0 for an encoder, (groups - 1) / (items - 1) for labels.
    """

    modality: Modality
    n_items: int
    n_variants: int
    overall: Estimate
    without_effect: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    fixed: Estimate | None = None
    chance: float = 0.0

    def level(self, which: str = ALL) -> Estimate:
        """The share of all columns together, of all items or at fixed style."""
        return self.fixed if which == FIXED and self.fixed is not None else self.overall


@dataclass(frozen=True, eq=False)
class StyleProbe:
    """Per column and modality, the share of variance that style explains.

    Attributes:
        frame: One row per modality, perturbation (or style label; "all" = together) and column: `share`
            with its 95 % interval `low` to `high`, clustered by item, and `chance`.
        sides: The modalities that were probed.
        source: "encoder": perturbed and encoded again; "labels": style labels of the metadata.
        encoder: Name of the encoder; "" for labels.
        basis: Name of the axes.
        axes: Content key of the axes, see `axes_key`.
        digest: Of the dataset.
        part: Which part of it was probed: "all", or the fit split of a study.
        seed: Drew the items and the resamples.
        n_skipped: Pictures and captions of the sample that could not be used.
        unknown_words: Words of the perturbations that the encoder left out.
    """

    frame: pl.DataFrame
    sides: tuple[ProbeSide, ...]
    source: Source
    encoder: str
    basis: str
    axes: str
    digest: str
    part: str
    seed: int
    n_skipped: int = 0
    unknown_words: tuple[str, ...] = ()

    @property
    def n_columns(self) -> int:
        """Feature columns, d."""
        return int(self.frame["column"].n_unique())

    def side(self, modality: Modality) -> ProbeSide | None:
        """One modality; None where it was not probed."""
        return next((side for side in self.sides if side.modality == modality), None)

    def shares(self, modality: Modality, perturbation: str = ALL) -> Columns | None:
        """The share of every column; None where there is none of that kind."""
        rows = self._rows(modality, perturbation)
        return torch.tensor(rows["share"].to_list()) if rows.height else None

    def perturbations(self, modality: Modality) -> list[str]:
        """What was done to the items, in its order, without "all"."""
        names = self.frame.filter(pl.col("modality") == modality)["perturbation"].unique(maintain_order=True)
        return [name for name in names.to_list() if name not in (ALL, FIXED)]

    @property
    def noun(self) -> str:
        """What a column of this basis is called: "column", "cross axis"."""
        return "column" if self.basis == "given" else f"{self.basis} axis"

    @property
    def has_fixed(self) -> bool:
        """Whether there are shares at fixed style, in every modality that was probed."""
        return all(side.fixed is not None for side in self.sides)

    def combined(self, which: str = ALL) -> Columns:
        """Style in either modality: 1 - (1 - image share) (1 - text share); of one, if only one was probed."""
        kept = [1 - shares for side in self.sides if (shares := self.shares(side.modality, which)) is not None]
        return 1 - torch.stack(kept).prod(dim=0)

    def strongest(self, modality: Modality, top: int = 5, *, which: str = ALL) -> pl.DataFrame:
        """The columns that style moves most, from the top; ties by column."""
        return self._rows(modality, which).sort("share", "column", descending=[True, False]).head(top)

    def drivers(self, column: int, modality: Modality) -> pl.DataFrame:
        """Every perturbation alone, on one column, the strongest first."""
        rows = self.frame.filter(
            (pl.col("modality") == modality)
            & (pl.col("column") == column)
            & pl.col("perturbation").is_in([ALL, FIXED]).not_()
        )
        return rows.sort("share", descending=True, maintain_order=True)

    @property
    def sentence(self) -> str:
        """What was found, the level first and then the column that stands out."""
        return self.sentence_of(ALL)

    def sentence_of(self, which: str) -> str:
        """The same of all items, or at fixed style."""
        parts = " and ".join(
            f"{_percent(side.level(which))} of the variance of {side.n_items} {PLURAL[side.modality]}"
            for side in self.sides
        )
        who = "Style explains" if self.source == "encoder" else "The style labels go with"
        who = "Among items of one style label, style explains" if which == FIXED else who
        tops = []
        for side in self.sides:
            row = self.strongest(side.modality, 1, which=which).row(0, named=True)
            estimate = Estimate(row["share"], row["low"], row["high"])
            tops.append(f"in {PLURAL[side.modality]} {self.noun} {row['column']} most, {_percent(estimate)}")
        chance = (
            ""
            if self.source == "encoder"
            else " Chance alone would give "
            + " and ".join(f"{100 * side.chance:.0f} % in {PLURAL[side.modality]}" for side in self.sides)
            + "."
        )
        return f"{who} {parts}: {'; '.join(tops)}.{chance}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know besides: what was left out, and what the encoder does not see."""
        sentences = []
        for side in self.sides:
            if side.without_effect:
                sentences.append(
                    f"This encoder does not see {_listed(side.without_effect)} in {PLURAL[side.modality]}: nothing "
                    "changes, and they are not counted."
                )
            if side.aside:
                sentences.append(
                    f"Most captions name colours, so {_listed(side.aside)} change content as well: shown alone, not "
                    "counted in all."
                )
        if self.n_skipped:
            sentences.append(f"{self.n_skipped} pictures or captions of the sample could not be used.")
        if self.unknown_words:
            sentences.append(
                f"The encoder does not know, and left out, {_listed(self.unknown_words[:12])} of the added words."
            )
        if self.source == "labels":
            sentences.append("Labels say what goes together, not what causes what: content may follow style.")
        return tuple(sentences)

    def _rows(self, modality: Modality, perturbation: str) -> pl.DataFrame:
        return self.frame.filter((pl.col("modality") == modality) & (pl.col("perturbation") == perturbation)).sort(
            "column"
        )


def axes_key(basis: Basis) -> str:
    """Names axes by their content: "given", or 16 hex digits of the matrix.

    >>> axes_key(Basis("given"))
    'given'
    """
    if basis.matrix is None:
        return basis.name
    return hashlib.sha256(basis.matrix.float().contiguous().numpy().tobytes()).hexdigest()[:16]


def style_probe(variants: StyleVariants, basis: Basis, *, n_draws: int = 500, seed: int = 0) -> StyleProbe:
    """What style explains in every column of a basis: all perturbations together, and each one alone.

    A perturbation alone is compared with the original, pair by pair. One that this encoder does not
    see (no token mean moves) is not counted among "all", where it would only thin the others out.
    Where the items differ in a style of their own, that counts as content in "all"; with style labels
    there is also the share at fixed style.

    Args:
        variants: In the given columns.
        basis: The axes to read them in.
        n_draws: Resamples of items.
        seed: Draws them.

    Source: beyond the paper.
    """
    frames, sides = [], []
    kinds: tuple[tuple[Modality, Variants | None], ...] = (("image", variants.images), ("text", variants.texts))
    for modality, side_variants in kinds:
        if side_variants is not None:
            frame, side = _encoded_side(modality, side_variants, basis, n_draws, seed)
            frames.append(frame)
            sides.append(side)
    if not frames:
        raise DataError("a probe needs pictures or captions in their variants; both are missing")
    return StyleProbe(
        frame=pl.concat(frames),
        sides=tuple(sides),
        source="encoder",
        encoder=variants.encoder,
        basis=basis.name,
        axes=axes_key(basis),
        digest=variants.digest,
        part=variants.part,
        seed=variants.seed,
        n_skipped=len(variants.skipped),
        unknown_words=variants.unknown_words,
    )


def label_probe(
    pairs: PairedEmbeddings,
    basis: Basis,
    *,
    n_draws: int = 500,
    seed: int = 0,
    digest: str | None = None,
    part: str = "all",
) -> StyleProbe | None:
    """The same from style labels: eta² of every column, with an interval clustered by image.

    "all" is the largest eta² of the labels of a modality. Resampling makes groups look more different
    than they are, by about as much as chance does, so the resamples are moved to have the value as their mean.

    Args:
        pairs: In the given columns.
        basis: The axes to read them in.
        n_draws: Resamples of images.
        seed: Draws them.
        digest: Of the whole dataset, where `pairs` is a part of it.
        part: Names the part.

    Returns:
        None where no usable label speaks of style.

    Source: beyond the paper; an association, where `style_probe` finds a cause.
    """
    counts = bootstrap_counts(pairs.n_images, n_draws=n_draws, seed=seed)
    kinds: tuple[tuple[Modality, pl.DataFrame, list[str], Tensor, Tensor], ...] = (
        ("image", pairs.images, pairs.image_labels, pairs.image_means, torch.arange(pairs.n_images)),
        ("text", pairs.texts, pairs.text_labels, pairs.text_means, pairs.text_image),
    )
    frames, sides = [], []
    for modality, table, names, means, owner in kinds:
        bands, chances = {}, {}
        for name in style_labels(table, names):
            labels = table[name].to_list()
            bands[name] = eta_band(basis.turn(means), labels, counts=counts[:, owner])
            known = [label for label in labels if label is not None]
            chances[name] = (len(set(map(str, known))) - 1) / (len(known) - 1)
        if not bands:
            continue
        which = torch.stack([band.share for band in bands.values()]).argmax(dim=0)
        largest = max(bands, key=lambda name: bands[name].overall.value)
        bands[ALL] = ShareBand(
            share=_picked([band.share for band in bands.values()], which),
            low=_picked([band.low for band in bands.values()], which),
            high=_picked([band.high for band in bands.values()], which),
            overall=bands[largest].overall,
        )
        chances[ALL] = chances[largest]
        frames.append(_frame(modality, {ALL: bands.pop(ALL)} | bands, chances))
        sides.append(ProbeSide(modality, len(means), len(bands), bands[largest].overall, chance=chances[ALL]))
    if not frames:
        return None
    return StyleProbe(
        frame=pl.concat(frames),
        sides=tuple(sides),
        source="labels",
        encoder="",
        basis=basis.name,
        axes=axes_key(basis),
        digest=digest or pairs.digest,
        part=part,
        seed=seed,
    )


def _picked(rows: list[Tensor], which: Tensor) -> Tensor:
    return torch.stack(rows).gather(0, which[None])[0]


def _encoded_side(
    modality: Modality, variants: Variants, basis: Basis, n_draws: int, seed: int
) -> tuple[pl.DataFrame, ProbeSide]:
    moved = (variants.means[:, 1:] - variants.means[:, :1]).abs().amax(dim=(0, 2)) > UNMOVED
    turned = basis.turn(variants.means)
    counts = bootstrap_counts(len(turned), n_draws=n_draws, seed=seed)
    unseen = tuple(name for name, moves in zip(variants.names, moved.tolist(), strict=True) if not moves)
    aside = tuple(name for name in variants.aside if name not in unseen)
    counted = [row for row, name in enumerate(variants.names, 1) if name not in (*unseen, *aside)]
    together = style_share(turned[:, [0, *counted]], counts=counts)
    bands = {ALL: together} | {
        name: style_share(turned[:, [0, row]], counts=counts) for row, name in enumerate(variants.names, 1)
    }
    fixed = None
    if variants.styles and 2 <= len(set(variants.styles)) <= len(turned) / MIN_PER_STYLE:
        bands[FIXED] = style_share(turned[:, [0, *counted]], counts=counts, styles=variants.styles)
        fixed = bands[FIXED].overall
    side = ProbeSide(modality, len(turned), len(counted), together.overall, unseen, aside, fixed)
    return _frame(modality, bands, dict.fromkeys(bands, 0.0)), side


def _frame(modality: Modality, bands: dict[str, ShareBand], chances: dict[str, float]) -> pl.DataFrame:
    def rows(end: str) -> list[float]:
        return [value for band in bands.values() for value in getattr(band, end).tolist()]

    width = len(next(iter(bands.values())).share)
    names = [name for name in bands for _ in range(width)]
    return pl.DataFrame(
        {
            "modality": [modality] * len(names),
            "perturbation": names,
            "column": list(range(width)) * len(bands),
            "share": rows("share"),
            "low": rows("low"),
            "high": rows("high"),
            "chance": [chances[name] for name in names],
        },
        schema=SCHEMA,
    )


def _percent(share: Estimate) -> str:
    return f"{100 * share.value:.0f} % [{100 * share.low:.0f}, {100 * share.high:.0f}]"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
