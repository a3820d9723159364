"""What the engine found in the two spaces, in sentences; the words stand in findings.toml."""

from pico_app.words import finding
from pico_core.data.pairs import PairedEmbeddings
from pico_core.spaces.items import Colouring
from pico_core.spaces.purity import Separation
from pico_core.spaces.subspaces import Sample


def separation_sentence(separation: Separation) -> str:
    """Whether the spaces separate content from style; the numbers behind it are in `separation_details`."""
    if not separation.labels:
        return finding("separation.no-labels", separation.modality)
    good, bad, chance = separation.n_as_hoped, separation.n_reversed, separation.n_by_chance
    return finding(
        "separation.answer",
        verdict=finding(f"separation.verdict.{separation.outcome}"),
        good=good,
        total=len(separation.labels),
        bad=finding("separation.bad", bad=bad) if bad else "",
        chance=finding("separation.chance", chance=chance, good=good) if chance else "",
    )


def separation_details(separation: Separation) -> str:
    """Purity of content and of style in both spaces, with the interval of the difference."""
    sentences = []
    for role in ("content", "style") if separation.labels else ():
        clearest = separation.clearest(role)
        name = "role" if clearest is not None else "no-role"
        sentences.append(finding(f"separation.{name}", clearest, role=role, name=role.capitalize()))
    return " ".join(sentences)


def sample_sentence(sample: Sample, pairs: PairedEmbeddings) -> str:
    """Which items of a split the maps show; empty where they show all."""
    images, texts, n_images, n_texts = len(sample.images), len(sample.texts), pairs.n_images, pairs.n_texts
    if (images, texts) == (n_images, n_texts):
        return ""
    return finding(
        "sample.shown",
        shown=images + texts,
        total=n_images + n_texts,
        images=images,
        n_images=n_images,
        texts=texts,
        n_texts=n_texts,
        seed=sample.seed,
    )


def colouring_note(colouring: Colouring) -> str:
    """What one has to know of the colours of a map; may be empty."""
    return finding(f"colouring.{colouring.gap}", colouring) if colouring.gap else ""
