"""What the pages of the app show: every text, widget, table and figure, as the browser would get it.

Left out, because they differ from run to run or are no content: keys and ids of elements, addresses of media, files
behind download buttons, and how long something takes. UMAP maps are those that lie beside the demos; none is computed.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.golden.children import ROOT, scrubbed
from tests.golden.compacting import compact, digest
from tests.golden.views import Shown, views_of

MAIN = ROOT / "app" / "main.py"
PATIENCE = 600.0  # seconds until a page has to rest
DROPPED = {"id", "form_id", "url", "deferred_file_id", "element_id", "markdown_id", "style", "js_source_path"}
LAYOUT = {
    "flex_container",
    "column",
    "width_config",
    "height_config",
    "gap_config",
    "isolate_styles",
    "hide_anchor",
    "wrap",
}
WIDGETS = {"selectbox", "radio", "button_group", "toggle", "checkbox", "text_input", "number_input", "slider"}
CODE = ("js_content", "css_content")  # of components: kept as a digest


def recorded(part: str, tell: Callable[[str], None]) -> dict[str, Any]:
    """All views of a part; a view that cannot be reached is kept as the reason."""
    found: dict[str, Any] = {}
    for view in views_of(part):
        began = time.monotonic()
        try:
            found[view.name] = view_of(view)
        except (LookupError, TimeoutError) as error:
            found[view.name] = {"cannot be reached": f"{type(error).__name__}: {error}"}
        tell(f"{view.name} ({time.monotonic() - began:.1f} s)")
    return found


def view_of(view: Shown) -> dict[str, Any]:
    """One view in a visit of its own, after everything that it waits for."""
    app = opened(view.page, view.address)
    rest(app)
    for kind, label, value in view.actions:
        act(app, kind, label, value)
        rest(app)
    address = {name: value if isinstance(value, str) else value[0] for name, value in app.query_params.items()}
    return {"address": dict(sorted(address.items())), "shown": list(_elements(app._tree))}


def opened(page: str, address: dict[str, str]) -> Any:
    """A first visit to a page of the app, not run yet."""
    from streamlit.testing.v1 import AppTest
    from streamlit.util import calc_hash

    app = AppTest.from_file(str(MAIN), default_timeout=PATIENCE)
    app._page_hash = calc_hash(page)  # AppTest switches between files only, and these pages are functions
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def rest(app: Any) -> None:
    """Run a page until nothing on it is under way, twice: an answer may come while the page is drawn."""
    app._page_hash = ""  # where the page has gone meanwhile, as a stop of the tour does, it stays
    until = time.monotonic() + PATIENCE
    quiet = 0
    while quiet < 2:
        if time.monotonic() > until:
            raise TimeoutError("the page does not rest")
        if app.get("progress") or any(button.label == "Cancel" for button in app.button):
            quiet = 0
            time.sleep(0.1)
        else:
            quiet += 1
        app.run()


def act(app: Any, kind: str, label: str, value: object) -> None:
    """Press or choose something by the words on it."""
    known = [one for one in app.get(kind) if one.label == label]
    if not known:
        labels = ", ".join(repr(one.label) for one in app.get(kind))
        raise LookupError(f"there is no {kind} {label!r}; there are {labels}")
    if kind == "button":
        known[0].click().run()
    else:
        known[0].set_value(value).run()


def _elements(block: Any) -> Iterator[Any]:
    for child in block.children.values():
        if hasattr(child, "children"):
            label = getattr(child.proto, "label", "") if child.proto is not None else ""
            if label:
                yield {"is": child.type, "label": label}
            yield from _elements(child)
        elif child.type not in ("empty", "space"):
            yield element(child)


def element(child: Any) -> dict[str, Any]:
    """What one element of a page says."""
    from google.protobuf.json_format import MessageToDict

    proto = child.proto
    if child.type in ("dataframe", "table", "arrow_data_frame"):
        frame = child.value
        cells = {str(name): compact([_cell(one) for one in frame[name].tolist()], scrubbed) for name in frame.columns}
        return {"is": child.type, "rows": len(frame), "cells": cells, "columns": _parsed(getattr(proto, "columns", ""))}
    found = MessageToDict(proto, preserving_proto_field_name=True)
    for name in CODE:
        if found.get(name):
            found[name] = f"{len(found[name])} letters, {digest(found[name])}"
    kept = {name: value for name, value in found.items() if name not in DROPPED | LAYOUT}
    for name in ("spec", "config", "json"):
        if name in kept:
            kept[name] = _parsed(kept[name])
    value = getattr(child, "value", None) if child.type in WIDGETS else None
    if _plain(value):  # of other kinds are choices known by their place
        kept["value"] = value
    return {"is": child.type} | compact(kept, scrubbed)


def _parsed(text: Any) -> Any:
    """A text of JSON, of JSON in JSON, or as it is."""
    while isinstance(text, str) and text[:1] in ("{", "[", '"'):
        try:
            text = json.loads(text)
        except ValueError:
            break
    return text


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float) or (isinstance(value, list) and all(map(_plain, value)))


def _cell(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
