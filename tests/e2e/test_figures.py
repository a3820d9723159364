"""Every figure of every page is drawn, its axes say what they show, and no words lie on other words."""

import pytest

from tests.e2e.visit import Visit
from tests.marks import LONG

PAGES = ("", "columns", "prototypes", "subspaces", "retrieval", "experiments")
SCREENS = {"light-1280": (False, 1280), "dark-1920": (True, 1920)}
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
    for (let i = 0; i < seen.length; i++)
        for (let j = i + 1; j < seen.length; j++) {
            const [a, b] = [seen[i][1], seen[j][1]];
            const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            const smaller = Math.min(a.width * a.height, b.width * b.height);
            if (width > 1 && height > 1 && width * height > 0.3 * smaller)
                problems.push(`"${seen[i][0].textContent}" lies on "${seen[j][0].textContent}"`);
        }
    return problems.slice(0, 5);
}"""


@pytest.mark.parametrize("dataset", ["shortcut", pytest.param("planted", marks=LONG)])
@pytest.mark.parametrize("screen", SCREENS)
def test_figures_say_what_they_show_and_no_words_lie_on_others(chromium, server, dataset, screen):
    dark, width = SCREENS[screen]
    found = []
    with Visit(chromium, server, dark=dark, width=width) as visit:
        for page in PAGES:
            visit.open(f"{page}?dataset={dataset}", patience=90)
            for index in range(visit.drawn_charts()):
                told = visit.chart(index).evaluate(LOOK)
                found += [f"{page or 'overview'}, figure {index}: {problem}" for problem in told]
        visit.assert_sound()
    assert not found, "\n".join(found)
