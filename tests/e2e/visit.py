"""One visitor of the app: opens pages, waits until they rest, and remembers everything that went wrong."""

import re
import time
from urllib.parse import urlsplit

# At rest for 0.3 s on end, by the clock of the page. Between two looks at most 0.1 s count: while a page is held up by
# its own work, nobody knows that it was calm.
CALM = """wait => {
    const app = document.querySelector('[data-testid="stApp"]'), now = performance.now();
    if (window.calm?.wait !== wait) window.calm = { wait, held: 0, at: now };
    const resting = app !== null
        && app.getAttribute('data-test-script-state') === 'notRunning'
        && app.getAttribute('data-test-connection-state') === 'CONNECTED'
        && document.querySelector('h1') !== null
        && document.querySelectorAll('[data-stale="true"], [data-testid="stSkeleton"]').length === 0;
    window.calm.held = resting ? window.calm.held + Math.min(now - window.calm.at, 100) : 0;
    window.calm.at = now;
    return window.calm.held >= 300;
}"""
# Opened below the root, Streamlit first looks for its server below the page's own path.
OWN_DETOUR = re.compile(r"http://127\.0\.0\.1:\d+/\w+/_stcore/(health|host-config)$")
FIRST_FIGURE = '[data-testid="stPlotlyChart"] .scatterlayer .points path'
DRAWN = """chart => {
    const plot = chart.querySelector('.js-plotly-plot');
    const box = chart.getBoundingClientRect();
    return plot !== null && plot.querySelector('.main-svg') !== null && box.height > 60 && box.width > 60
        && plot.data.length > 0;
}"""


def seen(target):
    """Scroll to an element; one that a late answer put in the place of another is looked for again."""
    from playwright.sync_api import Error  # absent Playwright skips these tests

    for attempt in range(5):
        try:
            target.scroll_into_view_if_needed()
            break
        except Error as error:
            if "not attached" not in str(error) or attempt == 4:
                raise


def at_rest(visit, *, patience=120):
    """Wait until nothing is on its way in the background."""
    until = time.monotonic() + patience
    while visit.main.get_by_role("button", name="Cancel", exact=True).count():
        assert time.monotonic() < until, "the background did not end"
        visit.page.wait_for_timeout(200)
    visit.settle(patience=60)


class Visit:
    """A page, with a record of errors and of requests that leave this machine.

    Visits share a browser context, which keeps the scripts of the app compiled: half the work of opening a page. The
    app keeps nothing in it. A visit that must meet nobody has a context of its own.
    """

    def __init__(self, chromium, address, *, dark=False, width=1400, height=1000, own_context=False):
        self.address, self.own_context = address, own_context
        self.context = chromium.new_context() if own_context or not chromium.contexts else chromium.contexts[0]
        self.page = self.context.new_page()
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        self.problems = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        self.page.on("request", self._watch)
        self.page.on("response", self._judge)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        (self.context if self.own_context else self.page).close()

    def _listen(self, message):
        if message.type == "error" and not OWN_DETOUR.match(message.location.get("url", "")):
            self.problems.append(f"console: {message.text}")

    def _judge(self, response):
        if response.status >= 400 and not OWN_DETOUR.match(response.url):
            self.problems.append(f"{response.status} for {response.url}")

    def _watch(self, request):
        place = urlsplit(request.url)
        if place.scheme in ("http", "https", "ws", "wss") and place.hostname != "127.0.0.1":
            self.problems.append(f"left this machine: {request.url}")

    def open(self, path, *, patience=30):
        """Open a page by its address and wait until it rests."""
        self.page.goto(f"{self.address}/{path}")
        self.settle(patience=patience)
        return self.page

    def settle(self, *, patience=60):
        """Wait until the script has ended and stays so: a click may start one run, and that run the next.

        The page itself watches, by its own clock: what a slider or a table holds back for up to 0.2 s is then sent
        before the calm is over, however slow the machine is.
        """
        from playwright.sync_api import TimeoutError as TooLate  # absent Playwright skips these tests

        try:
            self.page.wait_for_function(CALM, arg=time.monotonic(), polling=50, timeout=1000 * patience)
        except TooLate:
            state = self.page.evaluate("document.querySelector('[data-testid=stApp]')?.outerHTML.slice(0, 300)")
            raise AssertionError(f"{self.page.url} did not come to rest within {patience} s: {state}") from None

    def click(self, target, *, patience=60):
        """Click, wait until the page rests, and see that no error stands on it."""
        target.click()
        self.settle(patience=patience)
        self.assert_sound()

    def choose(self, box, option):
        """Choose in a selectbox: a place in its list, or a name. By keyboard: a list closes when the page scrolls."""
        from playwright.sync_api import TimeoutError as TooLate  # absent Playwright skips these tests

        combobox = box.get_by_role("combobox")
        seen(combobox)
        every = self.page.get_by_role("option")
        wanted = every.nth(option) if isinstance(option, int) else self.page.get_by_role("option", name=option)
        for attempt in range(5):  # an open list closes where an answer arrives behind it: then once more
            combobox.focus()
            combobox.press("ArrowDown")
            try:
                wanted.click(timeout=6_000)
                break
            except TooLate as error:
                if attempt == 4:
                    raise AssertionError(f"{self.page.url}: no option {option!r} to click") from error
        self.settle()
        self.assert_sound()

    def upload(self, uploader, file, *, patience=60):
        """Give a file to an uploader, and wait until the page has answered to it."""
        with self.page.expect_response(lambda answer: "/upload_file/" in answer.url, timeout=1000 * patience):
            uploader.locator("input[type=file]").set_input_files(file)
        self.settle(patience=patience)

    def saved(self, button, place):
        """Click a download button and keep the file."""
        seen(button)
        with self.page.expect_download(timeout=60_000) as waiting:
            button.click()
        target = place / waiting.value.suggested_filename
        waiting.value.save_as(target)
        return target

    def button(self, name):
        """A button of the page itself, by its label."""
        return self.main.get_by_role("button", name=name, exact=True)

    @property
    def main(self):
        """The page without the sidebar."""
        return self.page.locator('[data-testid="stMain"]')

    @property
    def sidebar(self):
        """What all pages share."""
        return self.page.locator('[data-testid="stSidebar"]')

    @property
    def title(self):
        """The page's question."""
        return self.main.locator("h1").first.inner_text().strip()

    @property
    def answer(self):
        """The sentence under the question."""
        return self.main.locator(".answer").first.inner_text().strip()

    @property
    def column(self):
        """The column that the Columns page looks at."""
        field = self.main.locator('[data-testid="stSelectbox"]', has_text="Column, 0 to").first
        shown = field.get_by_role("combobox").input_value() or field.inner_text()
        return int(re.search(r"(?:column|axis) (\d+)", shown)[1])

    def chart(self, index):
        """One Plotly figure, in view."""
        found = self.main.locator('[data-testid="stPlotlyChart"]').nth(index)
        seen(found)
        return found

    def traces(self, index):
        """Number of traces of one figure."""
        return self.chart(index).evaluate("c => c.querySelector('.js-plotly-plot').data.length")

    def drawn_charts(self):
        """How many Plotly figures stand on the page; all of them must be drawn."""
        charts = self.main.locator('[data-testid="stPlotlyChart"]')
        for index in range(charts.count()):
            chart = self.chart(index)
            until = time.monotonic() + 10
            while not chart.evaluate(DRAWN):
                assert time.monotonic() < until, f"figure {index} of {self.page.url} is not drawn"
                self.page.wait_for_timeout(100)
        return charts.count()

    def assert_sound(self):
        """No exception on the page, no error in the console, no failed or foreign request."""
        shown = self.page.locator('[data-testid="stException"]')
        texts = [shown.nth(index).inner_text()[:1500] for index in range(shown.count())]
        assert not texts, f"{self.page.url} shows an exception:\n" + "\n".join(texts)
        assert not self.problems, f"{self.page.url}:\n" + "\n".join(self.problems)
