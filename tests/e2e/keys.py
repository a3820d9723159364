"""A walk over a page by the Tab key alone: where it comes, what it misses, what has no name and no sign of focus."""

from dataclasses import dataclass, field, replace

# Shadow roots included. An element keeps its number for the walk.
TOOLS = """() => {
    if (window.walk) return;
    const still = document.createElement('style');  // a sign of focus is looked at once it is there in full
    still.textContent = '*, *::before, *::after { transition: none !important; animation: none !important; }';
    document.head.append(still);
    const PARTS = 'a[href], button, input, select, textarea, summary, [contenteditable=true], [tabindex], '
        + ['button', 'link', 'checkbox', 'radio', 'slider', 'switch', 'tab', 'combobox', 'textbox', 'spinbutton',
            'menuitem'].map(role => `[role=${role}]`).join(', ');
    // One stop stands for the whole group: arrows lead on in it, the arrow of a list and the plus and minus of a number
    // do what arrows do in their field, and where a file is dropped there is a button, too.
    const GROUPS = '[role=radiogroup], [role=tablist], [role=grid], [role=listbox], [data-testid=stSelectbox], '
        + '[data-testid=stMultiSelect], [data-testid=stNumberInput], [data-testid=stFileUploaderDropzone]';
    const numbers = new Map(), parts = [];
    const number = part => {
        if (!numbers.has(part)) { numbers.set(part, parts.length); parts.push(part); }
        return numbers.get(part);
    };
    const inside = function* (root) {
        for (const part of root.querySelectorAll('*')) {
            yield part;
            if (part.shadowRoot) yield* inside(part.shadowRoot);
        }
    };
    const parent = part => part.parentElement ?? part.getRootNode().host ?? null;
    const within = (part, selector) => {
        for (let e = part; e; e = parent(e)) if (e.matches(selector)) return e;
        return null;
    };
    // Streamlit's checkboxes and radios are hidden behind what is drawn in their stead: their label counts.
    const seen = part => {
        const shown = part.matches('input[type=checkbox], input[type=radio]') ? part.closest('label') ?? part : part;
        const box = shown.getBoundingClientRect();
        if (box.width < 2 || box.height < 2 || !shown.checkVisibility({ visibilityProperty: true })) return false;
        return within(shown, '[inert], [aria-hidden=true]') === null;
    };
    const usable = part => !part.matches(':disabled, [aria-disabled=true]');
    const group = part => within(part, GROUPS) ?? part;
    const told = part => {
        const words = part.getAttribute('aria-label') || part.labels?.[0]?.innerText || part.innerText || part.title;
        const place = within(part, '[data-testid]')?.dataset.testid ?? '';
        return `${place} <${part.localName} ${part.getAttribute('role') ?? part.type ?? ''}> `
            + (words || '').trim().replace(/\\s+/g, ' ').slice(0, 50);
    };
    const focused = () => {
        let part = document.activeElement;
        while (part?.shadowRoot?.activeElement) part = part.shadowRoot.activeElement;
        return part;
    };
    const SIGNS = ['outlineStyle', 'outlineWidth', 'outlineColor', 'boxShadow', 'borderColor', 'borderWidth',
        'backgroundColor', 'stroke', 'strokeWidth', 'textDecorationLine'];
    // The sign may stand on the part, on a frame around it, or on what is drawn in its stead.
    const around = part => {
        const all = [part, ...part.children, ...(part.parentElement?.children ?? [])];
        for (let e = parent(part), up = 0; e && up < 4 && e.getBoundingClientRect().height < 200; e = parent(e), up++)
            all.push(e);
        return all.slice(0, 40);
    };
    const look = part => JSON.stringify(around(part).map(e => SIGNS.map(name => getComputedStyle(e)[name])));
    // A box of text that is scrolled, which the browser itself lets keys come to: no control.
    const scrolls = part => part.tabIndex < 0 && !part.hasAttribute('tabindex')
        && (part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight);
    window.walk = {
        focused,
        here() {
            const part = focused();
            if (!part || part === document.body || part === document.documentElement) return null;
            return {
                number: number(part), group: number(group(part)), told: told(part), look: look(part),
                main: within(part, '[data-testid=stMain]') !== null, scrolls: scrolls(part),
            };
        },
        looks: known => known.map(each => parts[each].isConnected ? look(parts[each]) : null),
        wanted() {
            const found = [];
            for (const part of inside(document.querySelector('[data-testid=stMain]')))
                if (part.matches(PARTS) && usable(part) && seen(part))
                    found.push([number(group(part)), told(part)]);
            return found;
        },
    };
}"""
MOST = 400  # stops of one page; Columns has 55
CELLS = 40  # of one table that Tab goes over


@dataclass(frozen=True)
class Stop:
    """One stop of the Tab key.

    Attributes:
        number: Of the element, within this walk.
        group: Number of the group that it stands for; its own where it stands for itself.
        told: What it is, for whoever reads a failure.
        role: As the browser tells it to a screen reader.
        name: Likewise.
        main: Whether it stands on the page itself, not in the sidebar.
        scrolls: Whether it is a text that keys only scroll.
        look: Its style while it has the focus.
        plain: Its style without; None where it is gone.
    """

    number: int
    group: int
    told: str
    role: str
    name: str
    main: bool
    scrolls: bool
    look: str
    plain: str | None = None

    def __str__(self):
        return f"{self.told} ({self.role})"


@dataclass
class Walk:
    """What a walk found.

    Attributes:
        stops: In order.
        missed: Controls in sight of the page that Tab never came to.
        trapped: What Tab did not leave; empty if the walk came to its end.
    """

    stops: list[Stop] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    trapped: str = ""

    @property
    def controls(self):
        """Stops that are more than text to scroll, or cells of a table: those are drawn on its canvas."""
        kept = [stop for stop in self.stops if not stop.scrolls and stop.role != "gridcell"]
        # From its cells the focus may go back to the table itself.
        return [stop for place, stop in enumerate(kept) if not place or stop.number != kept[place - 1].number]

    @property
    def complaints(self):
        """Everything that is wrong, a line each."""
        found = [f"is not left by Tab: {self.trapped}"] if self.trapped else []
        found += [f"is not reached by Tab: {told}" for told in self.missed]
        controls = self.controls
        # The page itself, which keys scroll, is a landmark; there is one, and screen readers tell it by its role.
        found += [f"has no name: {stop}" for stop in controls if not stop.name and stop.role != "main"]
        found += [f"does not show that it has the focus: {stop}" for stop in controls if stop.look == stop.plain]
        return found


class Keys:
    """The keyboard of a visit."""

    def __init__(self, visit):
        self.page = visit.page
        self._line = visit.context.new_cdp_session(visit.page)

    def walk(self, *, key="Tab"):
        """Press Tab from the top of the page until the focus has come round."""
        self.page.evaluate(TOOLS)
        self.page.evaluate("document.activeElement.blur(); getSelection().collapse(document.body)")
        wanted = self.page.evaluate("walk.wanted()")
        walk, stayed = Walk(), 0
        while len(walk.stops) < MOST:
            self.page.keyboard.press(key)
            here = self.page.evaluate("walk.here()")
            if here is None:  # from the end of the page keys go on in the browser's own bar
                stayed += 1
            elif walk.stops and here["number"] == walk.stops[-1].number:
                stayed += 1  # from cell to cell of a table before Tab leaves it
            elif walk.stops and here["number"] == walk.stops[0].number:
                break
            else:
                stayed = 0
                walk.stops.append(Stop(**here, **self._as_read_out()))
            if stayed > CELLS:
                walk.trapped = str(walk.stops[-1])
                break
        else:
            walk.trapped = f"the page, after {MOST} stops"
        self.page.evaluate("walk.focused().blur()")
        looks = self.page.evaluate("numbers => walk.looks(numbers)", [stop.number for stop in walk.stops])
        walk.stops = [replace(stop, plain=plain) for stop, plain in zip(walk.stops, looks, strict=True)]
        reached = {stop.group for stop in walk.stops}
        walk.missed = sorted({told for group, told in wanted if group not in reached})
        return walk

    def _as_read_out(self):
        """Role and name of what has the focus, as the browser hands them to a screen reader."""
        focused = self._line.send("Runtime.evaluate", {"expression": "walk.focused()"})["result"]["objectId"]
        asked = {"objectId": focused, "fetchRelatives": False}
        node = self._line.send("Accessibility.getPartialAXTree", asked)["nodes"][0]
        return {name: str(node.get(name, {}).get("value") or "").strip() for name in ("role", "name")}
