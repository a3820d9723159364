"""What a page says, without its markup."""

import re
from html import unescape


def answer(app) -> str:
    """The sentence under the page's question, as people read it."""
    html = next(part.value for part in app.markdown if 'class="answer"' in part.value)
    return unescape(re.sub(r"<[^>]+>", "", html))


def prose(app) -> list[str]:
    """The paragraphs of a page, as people read them."""
    html = (part.value for part in app.markdown if 'class="prose"' in part.value)
    return [unescape(re.sub(r"<[^>]+>", "", text)) for text in html]
