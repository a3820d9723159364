"""What the engine found of retrieval, in sentences; the words stand in findings.toml."""

from collections.abc import Sequence

from pico_app.words import capitalised, finding, listed
from pico_core.retrieval.comparing.by_label import FEWEST_IMAGES, LabelTable
from pico_core.retrieval.comparing.chance import PermutedControl
from pico_core.retrieval.comparing.metric_changes import MetricTable
from pico_core.retrieval.comparing.moves import MoveCounts
from pico_core.retrieval.comparing.paired import PairedRanks
from pico_core.retrieval.explain import ShownSplit
from pico_core.retrieval.rankings import SideBySide
from pico_core.retrieval.records import Estimate, Verdict
from pico_core.retrieval.schemes.catalogue import simpler_ideas
from pico_core.retrieval.simpler_idea import SimplerIdea
from pico_core.retrieval.switching.effect import ControlBand, SwitchEffect
from pico_core.retrieval.token_maps import TwoMaps


def lists_sentence(both: SideBySide) -> str:
    """What happened to the right answer; without one, how many candidates stay at the top."""
    if both.target_before is None or both.target_after is None:
        kept = len({item.index for item in both.left} & {item.index for item in both.right})
        name = "first-stays" if both.left[0].index == both.right[0].index else "first-changes"
        return finding(f"lists.{name}", kept=kept, length=len(both.left))
    before, after = both.target_before.rank, both.target_after.rank
    way = "same" if before == after else "up" if after < before else "down"
    return finding(f"lists.{way}", before=before, after=after, total=both.n_candidates)


def simpler_idea_sentence(idea: SimplerIdea) -> str:
    """Whether a simpler idea does as well as the weights."""
    verdict = finding(f"simpler.{Verdict.of(idea.lead).value}")
    return finding("simpler.idea", idea, verdict=verdict, idea=simpler_ideas()[idea.name])


def word_maps_sentence(maps: TwoMaps, words: Sequence[str]) -> str:
    """Which of the words changed most, and how many tokens choose another partner."""
    if maps.largest_change == 0:
        return finding("words.alike")
    most = maps.changed_most
    return finding(
        "words.changed",
        word=words[most],
        before=float(maps.left.from_words[most]),
        after=float(maps.right.from_words[most]),
        n_words=int(maps.moved_words.sum()),
        words=len(maps.moved_words),
        n_patches=int(maps.moved_patches.sum()),
        patches=int(maps.left.real.sum()),
    )


def split_sentence(split: ShownSplit, titles: Sequence[str], *, subject: str) -> str:
    """What the columns did, in words whose numbers add up as well.

    Args:
        split: As it is shown.
        titles: Names of all columns, such as "column 3".
        subject: What is split, such as "Its lead over the strongest rival".
    """

    def digits(value: float) -> str:
        return f"{value + 0.0:+.{split.digits}f}"  # + 0.0: no minus before a zero

    named = [part for part in split.parts if part.column is not None]
    others = sum((part.value for part in split.parts if part.others), 0.0)
    partners = sum((part.value for part in split.parts if part.is_alignment), 0.0)
    before, after = digits(split.before), digits(split.after)
    if split.share is None and not named and partners == 0:
        return finding("split.unchanged", subject=subject, before=before)
    verb = "grows" if split.change > 0 else "shrinks" if split.change < 0 else "stays"
    lead = finding("split.lead", subject=subject, verb=verb, before=before, after=after)
    columns = listed_columns([titles[part.column] for part in named if part.column is not None])
    number = "one" if len(named) == 1 else "several"
    if split.share is not None and 0 < split.share <= 1 and split.change != 0:
        return finding(f"split.explains.{number}", lead=lead, columns=columns, share=split.share)
    return finding(
        f"split.changes.{number}",
        lead=lead,
        columns=columns,
        together=digits(sum((part.value for part in named), 0.0)),
        others=digits(others),
        partners=digits(partners),
    )


def listed_columns(titles: Sequence[str]) -> str:
    """Columns in a sentence.

    >>> listed_columns(["cross axis 3 (given columns 1, 2)", "cross axis 7"]), listed_columns(["column 5"])
    ('cross axes 3 and 7', 'column 5')
    """
    if not titles:
        return "no column"
    parts = [title.split(" (")[0].rpartition(" ") for title in titles]
    kind = parts[0][0]
    if len(parts) > 1:
        kind = "columns" if kind == "column" else kind.replace("axis", "axes")
    return f"{kind} {listed([number for _, _, number in parts])}"


def where(paired: PairedRanks) -> str:
    """On which queries something was measured, as the end of a sentence."""
    return finding(f"where.{'exact' if paired.exact else 'sampled'}", paired, asked=len(paired.images))


def metrics_sentence(table: MetricTable, left: str, right: str) -> str:
    """The verdict on rSum; the sides have names."""
    rsum, paired = table.row("rsum"), table.paired
    verdict = ("exact" if paired.exact else "sampled") if paired.unmoved else rsum.verdict.value
    return finding(
        f"metrics.{'unmoved' if paired.unmoved else 'moved'}",
        rsum,
        verdict=finding(f"metrics.{verdict}"),
        left=left,
        right=right,
        where=where(paired),
    )


def moves_sentence(counts: MoveCounts) -> str:
    """Whether more queries of one direction win than lose."""
    if not counts.won and not counts.lost:
        return finding("moves.none-moves", counts)
    return finding("moves.moved", counts, verdict=finding(f"moves.{Verdict.of(counts.lead).value}", counts))


def labels_sentence(table: LabelTable, name: str, metric: str) -> str:
    """Where the change of one metric can be told from chance.

    Args:
        table: Recall by label.
        name: Of the metric.
        metric: What people call it.
    """
    tested = table.shown(name)
    if not tested:
        return finding("labels.untested", table, fewest=FEWEST_IMAGES)
    changes = [(group.value, group.metric(name).change) for group in table.groups if group.metric(name).differs]
    among = finding(f"labels.{'one-tested' if tested == 1 else 'tested'}", table, tested=tested)
    if not changes:
        return finding("labels.none", metric=metric, among=among)
    better = sorted((change for change in changes if change[1] > 0), key=lambda change: -change[1])
    worse = sorted((change for change in changes if change[1] < 0), key=lambda change: change[1])
    parts = [
        finding(f"labels.{word}", values=listed([f"{value} ({change:+.1f})" for value, change in some]))
        for word, some in (("better", better), ("worse", worse))
        if some
    ]
    return finding(
        "labels.some", changes=capitalised(" and ".join(parts)), metric=metric, found=len(changes), among=among
    )


def permuted_sentence(control: PermutedControl, change: Estimate) -> str:
    """Whether weights change more than the same weights on other columns."""
    beside = _beside_chance(change.value, control.changes, what=finding("chance.permuted"))
    won, lost = ((min(shares), max(shares)) for shares in (control.won, control.lost))
    return finding("chance.won-and-lost", beside=beside, won=won, lost=lost)


def switch_sentence(effect: SwitchEffect, what: str) -> str:
    """What a switch does to retrieval; `what` says what was switched: "without column 12"."""
    paired, sample = effect.paired, "" if effect.paired.exact else "-sample"
    moved = finding(f"switch.{'unmoved' if paired.unmoved else 'within'}{sample}")
    return finding(
        f"switch.{'settled' if paired.settled else 'changed'}{sample}",
        effect,
        rsum=effect.rsum,
        paired=paired,
        verdict=finding(f"switch.{effect.verdict.value}"),
        what=what,
        moved=moved,
        asked=len(paired.images),
        where=where(paired),
    )


def band_sentence(band: ControlBand, effect: SwitchEffect) -> str:
    """Whether a switch does more than it does on columns that chance picks."""
    what = finding(f"chance.{'one-column' if band.n_columns == 1 else 'columns'}", band)
    beside = _beside_chance(effect.rsum.change.value, [draw[-1] for draw in band.changes], what=what)
    return finding("chance.draws", beside=beside)


def _beside_chance(value: float, draws: Sequence[float], *, what: str) -> str:
    low, high = min(draws), max(draws)
    name = "harm" if value < low else "good" if value > high else "same"
    return finding(f"chance.{name}", what=what, low=low, high=high, n=len(draws))
