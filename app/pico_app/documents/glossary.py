"""The glossary and the three answers as documents: `python -m pico_app.documents.glossary` writes them anew."""

from pathlib import Path
from textwrap import fill

from pico_app.words.answers import ANSWERS
from pico_app.words.glossary import EVERYDAY, FORMS, TERMS

WIDTH = 120
DOCS = Path(__file__).resolve().parents[3] / "docs"
HEAD = """# Glossary

<!-- Written from app/pico_app/words/glossary.toml by `python -m pico_app.documents.glossary`; change it there. -->

Every term once, in one sentence. The app shows the same sentence where a page uses a term for the first time. Words
in *italics* are everyday words that mean something of their own here; the app does not mark them.
"""


def glossary_page() -> str:
    """The glossary as Markdown, in the order of the alphabet."""
    forms = {term: [form for form, whole in FORMS.items() if whole == term] for term in TERMS}
    rows = [(term, f"**{', '.join([term, *forms[term]])}**", meaning) for term, meaning in TERMS.items()]
    rows += [(term, f"*{term}*", meaning) for term, meaning in EVERYDAY.items()]
    rows.sort(key=lambda row: row[0].casefold())
    lines = [f"| {name} | {meaning} |" for _, name, meaning in rows]
    return "\n".join([HEAD, "| term | what it means |", "|---|---|", *lines, ""])


def with_answers(page: str) -> str:
    """A page with the three answers in their marked places.

    Raises:
        ValueError: a place is missing.
    """
    for answer in ANSWERS:
        begin, end = f"<!-- answer: {answer.slug} -->", f"<!-- end: {answer.slug} -->"
        if page.count(begin) != 1 or page.count(end) != 1:
            raise ValueError(f"the page needs one place {begin} ... {end}")
        block = f"{begin}\n{fill(f'**{answer.question}** {answer.text}', WIDTH, break_on_hyphens=False)}\n{end}"
        page = page.partition(begin)[0] + block + page.partition(end)[2]
    return page


if __name__ == "__main__":
    if not DOCS.is_dir():
        raise SystemExit(f"{DOCS} is missing: the documents lie in a checkout of the project, run this there")
    (DOCS / "glossary.md").write_text(glossary_page(), encoding="utf-8")
    concept = DOCS / "concept.md"
    concept.write_text(with_answers(concept.read_text(encoding="utf-8")), encoding="utf-8")
