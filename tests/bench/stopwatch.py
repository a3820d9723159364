"""A stopwatch inside the browser: from an event of the reader to the change that it asked for.

It runs in the page, so what the driver of the browser costs is not measured. The page is looked at
whenever its tree changes; what counts is that the change stands in the tree, not that it was painted.
"""

from collections.abc import Callable
from typing import Any

# What a reader waits for, as functions of the page. A figure is told by its strokes: new ones are new data, drawn.
LISTS = "() => [...document.querySelectorAll('[data-testid=stMain] .rows')].map(list => list.textContent).join('|')"
FIGURE = """key => {
    const plot = document.querySelector(`.st-key-${key} .js-plotly-plot`);
    const strokes = plot === null ? [] : [...plot.querySelectorAll('.main-svg path')];
    return strokes.map(path => path.getAttribute('d') + path.getAttribute('transform')).join('');
}"""
PAGE = """title => {
    const head = document.querySelector('[data-testid=stMain] h1');
    if (head === null || head.textContent.trim() !== title) return '';
    const drawn = [...document.querySelectorAll('[data-testid=stMain] .js-plotly-plot')].find(
        plot => plot.querySelector('.main-svg') !== null && plot.closest('[data-stale=true]') === null
            && !window.before.has(plot.querySelector('.main-svg').innerHTML));
    return drawn === undefined ? '' : 'there';
}"""
ARM = """([kind, look, argument]) => {
    const state = eval(look), held = {began: null, ended: null};
    window.before = new Set(
        [...document.querySelectorAll('[data-testid=stMain] .js-plotly-plot .main-svg')].map(svg => svg.innerHTML));
    const old = state(argument);
    document.addEventListener(kind, event => { held.began ??= event.timeStamp; }, {capture: true, once: true});
    const watch = new MutationObserver(() => {
        if (held.began === null || held.ended !== null) return;
        const now = state(argument);
        if (now !== '' && now !== old) { held.ended = performance.now(); watch.disconnect(); }
    });
    watch.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
    window.stopwatch = held;
}"""


def milliseconds(page: Any, act: Callable[[], None], *, event: str, look: str, argument: str = "") -> float:
    """Milliseconds from the event of an act to the change.

    Args:
        page: Playwright's.
        act: What the reader does.
        event: The event that starts the watch: "keydown" or "click".
        look: What is waited for: a JavaScript function whose value must become another one that is not empty.
        argument: Of that function.

    Raises:
        TimeoutError: of Playwright, where nothing changes within a minute.
    """
    page.evaluate(ARM, [event, look, argument])
    act()
    page.wait_for_function("window.stopwatch.ended !== null", timeout=60_000, polling=20)
    found: float = page.evaluate("window.stopwatch.ended - window.stopwatch.began")
    return found
