"""Every plain control of a page, one after the other, whatever the page has."""

import re

from tests.e2e.visit import at_rest

MOST = 5  # controls of one kind in one place that are clicked: more of the same only take time
INSIDE = {"stButtonGroup": "button:visible, [role=radio]:visible", "stCheckbox": "label", "stExpander": "summary"}


def use_every_control(visit):
    """Choices in a row, switches, folded parts and buttons; what then stands there is drawn, and fits in the window."""
    main = visit.main
    for role, inside in INSIDE.items():
        for index in range(main.locator(f'[data-testid="{role}"]').count()):
            parts = main.locator(f'[data-testid="{role}"]').nth(index).locator(inside)
            for part in range(min(parts.count(), MOST)):  # what stands in a folded part is not seen, and not clicked
                visit.click(main.locator(f'[data-testid="{role}"]').nth(index).locator(inside).nth(part))
    buttons = main.locator('[data-testid="stButton"] button:enabled:visible')
    for index in range(min(buttons.count(), MOST)):
        if index < buttons.count():  # an example that was chosen takes the others away
            visit.click(buttons.nth(index))
    if visit.button("Cancel").count():  # what was begun takes the time of the tests that follow
        visit.click(visit.button("Cancel").first)
    visit.drawn_charts()
    fits(visit)


# How far the page can be scrolled sideways, and how far the explanation of a term would stand out of the window.
STANDS_OUT = """() => {
    const main = document.querySelector('[data-testid=stMain]'), page = document.documentElement;
    const tips = [...document.querySelectorAll('abbr.term')].filter(term => term.checkVisibility()).map(term => {
        const tip = getComputedStyle(term, '::after');
        return parseFloat(tip.left) + parseFloat(tip.width) - innerWidth;
    });
    return Math.max(page.scrollWidth - innerWidth, main.scrollWidth - main.clientWidth, ...tips);
}"""


def fits(visit):
    """Nothing stands out at the side of the window."""
    pixels = visit.page.evaluate(STANDS_OUT)
    assert pixels <= 1, f"{visit.page.url}: {pixels} pixels stand out at the side"


def go(visit, name, *, patience=120):
    """To another page by the menu: the visit, and with it a dataset of one's own, goes on."""
    visit.click(visit.sidebar.get_by_role("link", name=re.compile(rf"{name}$")), patience=patience)


def open_own(visit, path, *, compute=True):
    """Open a dataset of one's own by its path, and compute it unless an earlier visit did."""
    visit.click(visit.sidebar.get_by_text("My own", exact=True).first)
    field = visit.sidebar.get_by_role("textbox", name="Path on this machine")
    field.fill(str(path))
    field.press("Enter")
    visit.settle(patience=120)
    if compute and not visit.sidebar.get_by_text("Fresh").count():
        visit.main.get_by_role("button", name="Compute now").click()
        visit.sidebar.get_by_text("Fresh").wait_for(timeout=180_000)
        at_rest(visit)
