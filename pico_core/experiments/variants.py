"""The catalogue: everything that an experiment can compare, whose idea it is, and what it stands for."""

from dataclasses import dataclass
from typing import Final, Literal

from pico_core.errors import SettingError

Family = Literal["reference", "method", "feedback", "control", "transform", "oracle", "setting"]
REFERENCE: Final = "unweighted"
METHOD: Final = "pico"
SHUFFLED: Final = "shuffled"  # stands beside every result that used feedback
PERMUTED: Final = "permuted"
N_PERMUTATIONS: Final = 8  # one alone may close the axis that holds the common mean, and then says little of others
OF_THE_METHOD: Final = (PERMUTED, "ends_only", "ends_spared")  # controls made of its weights


@dataclass(frozen=True)
class Change:
    """One setting with another value than the dataset's own.

    Attributes:
        setting: Its name.
        value: As it would be typed.
    """

    setting: str
    value: str


@dataclass(frozen=True)
class Variant:
    """One way to score.

    Attributes:
        name: Short and stable: it stands in tables.
        label: The same for people.
        family: What kind of comparison it is.
        source: Whose idea it is.
        changes: Settings of the construction that it changes; only of families method, feedback and setting.
    """

    name: str
    label: str
    family: Family
    source: str
    changes: tuple[Change, ...] = ()

    @property
    def constructs(self) -> bool:
        """Whether its weights are those of a construction, so that feedback chose them."""
        return self.family in ("method", "feedback", "setting")


def _rule(name: str, label: str, source: str = "reconstruction") -> Variant:
    return Variant(name, label, "feedback", source, (Change("rule", name),))


VARIANTS: Final = (
    Variant(REFERENCE, "Unweighted (P = 1)", "reference", "paper"),
    Variant(METHOD, "PICO (best by feedback, no guard)", "method", "paper; its open choices are reconstructions"),
    Variant("pico_guarded", "PICO behind the guard", "method", "beyond the paper"),
    Variant("pico_last", "PICO, last average, only its strength chosen", "method", "reconstruction"),
    Variant(
        "once",
        "Prototypes built once, no iteration",
        "method",
        "reconstruction",
        (Change("n_iterations", "1"), Change("batch_share", "1")),
    ),
    _rule("uniform", "Feedback: all candidates alike"),
    _rule("ema", "Feedback: exponential moving average"),
    _rule("best", "Feedback: the best candidate alone"),
    _rule("last", "Feedback: the newest candidate alone"),
    _rule("accept", "Feedback: candidates of positive gain alike"),
    _rule(SHUFFLED, "Feedback: gains in random order", "control, beyond the paper"),
    Variant("p_hat", "p̂ as weights", "control", "paper's statistic, used directly"),
    Variant("p_chance_corrected", "p̂ above its null as weights", "control", "beyond the paper"),
    Variant(PERMUTED, f"The weights of PICO, permuted (mean of {N_PERMUTATIONS})", "control", "beyond the paper"),
    Variant("ends_only", "PICO on the mean and gap axes alone", "control", "beyond the paper"),
    Variant("ends_spared", "PICO on all other axes alone", "control", "beyond the paper"),
    Variant("learned", "Learned weights, one per column", "control", "beyond the paper; InfoNCE and AdamW"),
    Variant("correlation", "Correlation over matched pairs as weights", "control", "beyond the paper"),
    Variant("mean_removal", "Common mean removed", "transform", "beyond the paper"),
    Variant("modality_mean_removal", "Mean of each modality removed", "transform", "Liang et al., NeurIPS 2022"),
    Variant("gap_removal", "Direction between the means projected out", "transform", "Liang et al., NeurIPS 2022"),
    Variant("all_but_the_top", "All-but-the-top", "transform", "Mu and Viswanath, ICLR 2018"),
    Variant("whitening", "Whitening, shrunk", "transform", "Su et al., arXiv 2103.15316, 2021"),
    Variant("cca", "Canonical correlations, shrunk", "transform", "Hotelling 1936; scaling of Gong et al., IJCV 2014"),
    Variant("oracle_labels", "Style labels known", "oracle", "beyond the paper"),
    Variant("oracle_truth", "Planted truth known", "oracle", "beyond the paper"),
)
NAMES: Final = tuple(variant.name for variant in VARIANTS)


def variant_of(name: str) -> Variant:
    """The variant of this name.

    Raises:
        SettingError: there is none; the message lists them.

    >>> variant_of("uniform").changes
    (Change(setting='rule', value='uniform'),)
    """
    for variant in VARIANTS:
        if variant.name == name:
            return variant
    raise SettingError(f"there is no variant {name!r}; choose from {', '.join(NAMES)}")


def setting_variant(change: Change) -> Variant:
    """PICO with one setting changed and all else as the dataset has it.

    >>> setting_variant(Change("gamma", "1")).name
    'gamma=1'
    """
    name = f"{change.setting}={change.value}"
    return Variant(name, f"PICO, {change.setting} = {change.value}", "setting", "reconstruction", (change,))


def with_controls(names: tuple[str, ...], *, sweeps: bool = False) -> tuple[Variant, ...]:
    """The variants of these names in the order of the catalogue, with those that must stand beside them.

    The reference always is there. Wherever feedback chose something, so are the method and feedback in random order.

    >>> [variant.name for variant in with_controls(("p_hat", "best"))]
    ['unweighted', 'pico', 'best', 'shuffled', 'p_hat']
    """
    wanted = {REFERENCE} | {variant_of(name).name for name in names}
    if sweeps or any(variant_of(name).constructs or name in OF_THE_METHOD for name in wanted):
        wanted |= {METHOD, SHUFFLED}
    return tuple(variant for variant in VARIANTS if variant.name in wanted)
