"""What every number of the page is, in words; opened by a click on its name."""

from pico_core.spaces.purity import Purity
from pico_core.spaces.trust import MapTrust

RANDOM = (
    "Random weights: the same probabilities on other columns, {draws}; in brackets the lowest and the highest draw."
)
GAP = (
    "Length of the difference between the mean image and the mean text, both of unit vectors: 0 no gap, 2 opposite. "
    "Interval: images resampled with their texts. " + RANDOM.format(draws="five permutations")
)
NO_TRUST = "Needs at least five items."


def purity(found: Purity) -> str:
    """What the purity of a label is, and on how many items it was measured."""
    whose = "items of both modalities" if found.role == "modality" else found.items
    measured = (
        f"all {found.n_items:,}" if found.n_measured == found.n_items else f"{found.n_measured:,} of {found.n_items:,}"
    )
    return (
        f"Share of an item's {found.neighbours} nearest neighbours that carry its label, in full dimensions, not on "
        f"the map; mean over {measured} {whose} with a label, {found.n_values} values. Permuted labels would give "
        f"{found.semantic.permuted.value:.3f}. Interval: images resampled. {RANDOM.format(draws='five permutations')}"
    )


def trust(found: MapTrust) -> str:
    """What trustworthiness is, and on how many items it was measured."""
    draws = "one permutation" if found.draws == 1 else f"{found.draws} permutations"
    control = RANDOM.format(draws=draws).split(";")[0] + ", mapped in the same way." if found.draws else ""
    return (
        f"1 minus what strangers cost that the map brings near: for each of an item's {found.neighbours} neighbours on "
        "the map, by how many ranks it is too far off in the space. 1: no strangers; about 0.5: points placed at "
        f"random. Measured on {found.n_items:,} items; interval: images resampled. {control}"
    )
