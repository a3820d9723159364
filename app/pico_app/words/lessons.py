"""What the lessons of the Method page are called and what to keep of them; the words stand in lessons.toml."""

from pico_app.words import read_words
from pico_core.demo.lessons import TaughtLesson
from pico_core.retrieval.records import Verdict


def lesson_title(name: str) -> str:
    """What a lesson is called."""
    return str(read_words("lessons")[name]["title"])


def lesson_about(name: str) -> str:
    """What was planted, and what to look for."""
    return str(read_words("lessons")[name]["about"])


def takeaway_sentence(taught: TaughtLesson) -> str:
    """What to keep of a lesson, verdict before digits, with the numbers of its own study."""
    words, takeaway, report = read_words("lessons")[taught.lesson.name], taught.takeaway, taught.study.report
    return str(words["takeaway"]).format(
        verdict=words["holds" if takeaway.holds else "fails"],
        numbers=takeaway.numbers,
        values=takeaway.values,
        report=report,
        made=taught.study.construction,
        worth=words.get("worth", {}).get(report.verdict.value),
        unguarded=Verdict.of(report.unguarded.difference),
    )
