"""The whole tour in a real browser, light and dark: it leads, waits, is left and resumed; all its words can be read."""

import re

import pytest

from pico_app.choices.tour_stops import STOPS
from tests.e2e.visit import Visit
from tests.screen import DATA, RETRIEVAL, TOUR_IS_ABOUT

pytestmark = pytest.mark.browser

# Text whose contrast with what lies behind it is below WCAG 2.2 AA: 4.5, or 3 where it is large. Disabled controls
# and what is hidden from readers are exempt.
FAINT = """() => {
    const parse = (text) => {
        let m = text.match(/^rgba?\\(([^)]+)\\)/);
        if (m) { const p = m[1].split(/[ ,\\/]+/).map(Number); return [p[0], p[1], p[2], p[3] ?? 1]; }
        m = text.match(/^color\\(srgb ([^)]+)\\)/);
        if (m) { const p = m[1].split(/[ \\/]+/).map(Number); return [255 * p[0], 255 * p[1], 255 * p[2], p[3] ?? 1]; }
        return null;
    };
    const over = (front, back, share) => [0, 1, 2].map((i) => share * front[i] + (1 - share) * back[i]);
    const light = (c) => {
        const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const EXEMPT = 'style,script,[aria-hidden="true"],.modebar,:disabled,[aria-disabled="true"],'
        + '[data-testid="stIconMaterial"],[data-testid="stSliderThumbValue"]';  // stands above the knob, not on it
    const page = parse(getComputedStyle(document.querySelector('[data-testid="stApp"]')).backgroundColor);
    const found = [];
    const walker = document.createTreeWalker(document.querySelector('[data-testid="stApp"]'), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode, element = node.parentElement;
        if (!node.textContent.trim() || !element || element.closest(EXEMPT)) continue;
        const box = element.getBoundingClientRect(), style = getComputedStyle(element);
        if (box.width < 3 || box.height < 3 || style.visibility === 'hidden') continue;
        const chain = [];
        for (let e = element; e; e = e.parentElement) chain.push(e);
        let ground = page.slice(0, 3), fade = 1;
        for (const e of chain.reverse()) {
            const look = getComputedStyle(e), colour = parse(look.backgroundColor);
            if (e instanceof HTMLElement && colour && colour[3] > 0) ground = over(colour, ground, colour[3] * fade);
            fade *= Number(look.opacity);
        }
        if (fade < 0.05) continue;
        const svg = element instanceof SVGElement;
        const ink = parse(svg ? style.fill : style.color);
        if (!ink) continue;
        const share = ink[3] * fade * (svg ? Number(style.fillOpacity) : 1);
        const text = over(ink, ground, share);
        const [a, b] = [light(text), light(ground)].sort((x, y) => y - x);
        const size = parseFloat(style.fontSize), bold = Number(style.fontWeight) >= 700;
        const large = size >= 24 || (size >= 18.66 && bold);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < (large ? 3 : 4.5) - 0.02) {
            const place = element.closest('[data-testid]')?.dataset.testid ?? '';
            const kind = `${element.tagName} ${element.className?.baseVal ?? element.className}`;
            found.push(`${ratio.toFixed(2)} ${place} <${kind}> ${node.textContent.trim().slice(0, 50)}`);
        }
    }
    return [...new Set(found)];
}"""
# Digits on the squares of prototypes, numbers in cells, words on plates of their own: what lies behind a text inside a
# figure is not known to the page. tests/pico_app/figures/test_accessibility.py measures those colours.
ON_MARKS = re.compile(r"stPlotlyChart <(text|tspan) ?\S*> (\d{1,2}|[\d.]+%|null [\d.]+%|Play|Slow|Pause|◀ .*)$")


def faint(visit):
    return [line for line in visit.page.evaluate(FAINT) if not ON_MARKS.search(line)]


def card(visit):
    return visit.main.locator(".st-key-tour-card")


def number_in_address(visit):
    found = re.search(r"[?&]tour=(\d+)", visit.page.url)
    return int(found[1]) if found else None


def unnamed_figures(visit):
    return visit.main.locator('[data-testid="stPlotlyChart"]').evaluate_all(
        "all => all.filter(c => !c.closest('[aria-label]') && !c.querySelector('[aria-label], [alt]')).length"
    )


def test_the_tour_leads_over_all_its_stops_and_all_words_can_be_read(chromium, warm):
    problems = []
    with Visit(chromium, warm, width=1280) as visit:
        visit.open("")
        visit.click(visit.sidebar.get_by_role("button", name=re.compile("Take the tour")))
        for number, stop in enumerate(STOPS, start=1):
            assert number_in_address(visit) == number
            assert f"Tour, stop {number} of {len(STOPS)}" in card(visit).inner_text()
            assert stop.task[:40] in card(visit).inner_text()
            assert ("/" + stop.page in visit.page.url) == (stop.page != "overview")
            assert unnamed_figures(visit) == 0, stop.slug
            problems += [f"{stop.slug}, light: {line}" for line in faint(visit)]
            visit.page.emulate_media(color_scheme="dark")  # figures follow with the next run of the script
            visit.click(card(visit).get_by_role("button", name="Show the takeaway"), patience=90)
            assert "Takeaway." in card(visit).inner_text()
            problems += [f"{stop.slug}, dark: {line}" for line in faint(visit)]
            visit.page.emulate_media(color_scheme="light")
            way = "Next stop" if number < len(STOPS) else "Finish the tour"
            visit.click(card(visit).get_by_role("button", name=way), patience=90)
        assert card(visit).count() == 0
        assert number_in_address(visit) is None
        visit.assert_sound()
    assert not problems, "\n".join(sorted(set(problems)))


def test_the_tour_is_opened_by_its_address_waits_is_left_and_resumed(visit):
    visit.open(f"?tour={len(STOPS)}")
    assert visit.title == DATA
    # Elsewhere it waits, and leads back.
    visit.click(visit.sidebar.get_by_role("link", name=re.compile("Prototypes$")))
    assert number_in_address(visit) == len(STOPS)
    visit.click(card(visit).get_by_role("button", name=f"Back to stop {len(STOPS)}"))
    assert visit.title == DATA
    # On other data its words are left out, and it leads back to the scenes.
    visit.click(visit.sidebar.get_by_text("Styled scenes: clean", exact=True))
    card(visit).get_by_text(TOUR_IS_ABOUT).wait_for()
    visit.click(card(visit).get_by_role("button", name="Back to the scenes"))
    assert STOPS[-1].task in card(visit).inner_text()
    # Tab reaches the ways of the card, in order.
    card(visit).get_by_role("button", name="Show the takeaway").focus()
    reached = []
    for _ in range(2):
        visit.page.keyboard.press("Tab")
        reached.append(visit.page.evaluate("document.activeElement.innerText"))
    assert "Back" in reached[0]
    assert "Finish the tour" in reached[1]
    # Left, it keeps its place; resumed by keyboard from another page, it opens the page of the stop.
    visit.click(card(visit).get_by_role("button", name="Back", exact=True))
    assert number_in_address(visit) == len(STOPS) - 1
    visit.click(card(visit).get_by_role("button", name="Leave the tour"))
    assert card(visit).count() == 0
    assert number_in_address(visit) is None
    visit.click(visit.sidebar.get_by_role("link", name=re.compile("Overview$")))
    resume = f"Resume the tour (stop {len(STOPS) - 1} of {len(STOPS)})"
    assert visit.button(resume).count() == 1
    visit.sidebar.get_by_role("button", name=resume).focus()
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(lambda url: f"tour={len(STOPS) - 1}" in url)
    visit.settle(patience=60)
    assert visit.title == RETRIEVAL
    assert "show=labels" in visit.page.url
