"""The field's terms, each explained once; `explain` marks their first use in a sentence.

The terms stand in glossary.toml; `python -m pico_app.documents.glossary` writes `docs/glossary.md` from it.
"""

import re
from html import escape

from markupsafe import Markup

from pico_app.words import read_words
from pico_core.method.bases import BASES

# Marked in the app wherever a sentence uses them.
TERMS: dict[str, str] = read_words("glossary")["terms"] | {basis.title: basis.sentence for basis in BASES}
FORMS: dict[str, str] = read_words("glossary")["forms"]  # the same terms as sentences also write them
EVERYDAY: dict[str, str] = read_words("glossary")["everyday"]  # explained by the written glossary only

# No letter on either side: a word border would not do after the hat of p̂.
_MARKED = (re.escape(escape(term)) for term in sorted([*TERMS, *FORMS], key=len, reverse=True))
_ANY = re.compile(rf"(?<!\w)(?:{'|'.join(_MARKED)})(?!\w)")


def definition(term: str) -> str:
    """What a term means, in one sentence; a plural means what its singular means.

    Raises:
        KeyError: the glossary lacks it.

    >>> definition("feature columns") == definition("feature column")
    True
    """
    term = FORMS.get(term, term)
    return TERMS[term] if term in TERMS else EVERYDAY[term]


def explain(sentence: str) -> Markup:
    """The sentence as HTML, escaped, with a tooltip at the first use of every known term.

    >>> print(explain("no <guard>")[:31])
    no &lt;<abbr class="term" tabin
    """
    seen: set[str] = set()

    def mark(match: re.Match[str]) -> str:
        term = match.group()
        if FORMS.get(term, term) in seen:
            return term
        seen.add(FORMS.get(term, term))
        return f'<abbr class="term" tabindex="0" data-tip="{escape(definition(term))}">{term}</abbr>'

    # On one line: after an empty one Markdown would be obeyed again.
    return Markup(_ANY.sub(mark, " ".join(escape(sentence, quote=False).split())))
