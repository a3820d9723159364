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


# What is wrong with the words of a figure: axes without a title, words out of the figure, words on others.
LOOK = """chart => {
    const plot = chart.querySelector('.js-plotly-plot'), layout = plot._fullLayout, problems = [];
    for (const name of Object.keys(layout).filter(key => /^[xy]axis\\d*$/.test(key))) {
        const axis = layout[name];
        const words = axis.type === 'category' || (axis.ticktext || []).some(text => isNaN(Number(text)));
        const shared = axis.matches && layout[axis.matches.replace(/^([xy])/, '$1axis')]?.title.text;
        if (axis.visible && axis.showticklabels && !words && !axis.title.text && !shared)
            problems.push(`${name} has no title`);
    }
    const seen = [...plot.querySelectorAll('svg text')].map(text => [text, text.getBoundingClientRect()])
        .filter(([text, box]) => box.width > 2 && text.textContent.trim() && !text.closest('.modebar, .hoverlayer')
            && getComputedStyle(text).visibility !== 'hidden' && Number(getComputedStyle(text).opacity) > 0.1
            && !/rotate\\((?!0|-90|90|270)/.test(text.getAttribute('transform') || ''));
    const frame = plot.getBoundingClientRect();
    for (const [text, box] of seen)
        if (box.left < frame.left - 2 || box.right > frame.right + 2) problems.push(`"${text.textContent}" is cut`);
    for (let i = 0; i < seen.length; i++)
        for (let j = i + 1; j < seen.length; j++) {
            const [a, b] = [seen[i][1], seen[j][1]];
            const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            // In a narrow figure marks lie close to each other, where the data put them, and so do their numbers.
            if (innerWidth < 1000 && seen[i][0].closest('.textpoint') && seen[j][0].closest('.textpoint')) continue;
            const smaller = Math.min(a.width * a.height, b.width * b.height);
            if (width > 1 && height > 1 && width * height > 0.3 * smaller)
                problems.push(`"${seen[i][0].textContent}" lies on "${seen[j][0].textContent}"`);
        }
    return problems.slice(0, 5);
}"""
# Words of buttons, switches and rows of choices that are not seen whole.
CUT = """() => [...document.querySelectorAll(`[data-testid=stMain] :is(button, label) [data-testid=stMarkdownContainer],
        [data-testid=stMain] [data-testid=stButtonGroup] :has(> button)`)]
    .filter(words => words.checkVisibility() && words.scrollWidth > words.clientWidth + 1)
    .map(words => words.textContent)"""


def figure_faults(visit):
    """Axes that do not say what they show, and words that lie on others or out of their figure."""
    return [
        f"{visit.page.url}, figure {index}: {fault}"
        for index in range(visit.drawn_charts())
        for fault in visit.chart(index).evaluate(LOOK)
    ]


def can_be_read(visit):
    """Words of figures stand apart, and words of buttons, switches and choices are seen whole."""
    faults = figure_faults(visit) + [f"{visit.page.url} cuts {words!r}" for words in visit.page.evaluate(CUT)]
    assert not faults, "\n".join(faults)


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
