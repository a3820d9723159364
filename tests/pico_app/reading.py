"""What a page says, without its markup."""

import re
from html import unescape
from html.parser import HTMLParser

HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror='window.hacked=1'> & \"quoted\""


def answer(app) -> str:
    """The sentence under the page's question, as people read it."""
    html = next(part.value for part in app.markdown if 'class="answer"' in part.value)
    return unescape(re.sub(r"<[^>]+>", "", html))


def prose(app) -> list[str]:
    """The paragraphs of a page, as people read them."""
    html = (part.value for part in app.markdown if 'class="prose"' in part.value)
    return [unescape(re.sub(r"<[^>]+>", "", text)) for text in html]


class Outline(HTMLParser):
    """Tags with their attributes, and what a reader reads."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.words = ""
        self._silent = 0

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._silent += tag in ("script", "style")

    def handle_endtag(self, tag):
        self._silent -= tag in ("script", "style")

    def handle_data(self, data):
        if not self._silent:
            self.words += data + " "


def outline(html: str) -> Outline:
    parsed = Outline()
    parsed.feed(html)
    return parsed


def assert_needs_no_network(html: str) -> None:
    """Nothing that a browser would fetch stands in the page."""
    for tag, attributes in outline(html).tags:
        assert tag not in ("link", "iframe", "base", "object")
        for name in ("src", "href", "srcset", "action"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, attributes[name][:80])
    assert "@import" not in html[: html.index("</style>")]
