"""A link and the view that it reopens: what the address says is taken over, and what is looked at is written there."""

from collections.abc import Mapping
from typing import Any

from pico_app.state import experiments, queries
from pico_app.state.columns import wanted_column
from pico_app.state.comparison import sides
from pico_app.state.instruments import mirror_instruments
from pico_app.state.study import dataset_path, strength, wanted_config
from pico_app.state.switch import switching
from pico_app.state.tour import mirror_tour
from pico_core.common.registry import Registry


def follow_address(here: str = "", instruments: Mapping[str, Registry[Any]] | None = None) -> None:
    """Take over what a link says, then say in the address what is looked at: changing the page empties it.

    Args:
        here: Address of the page.
        instruments: Of every page that has some.
    """
    shared = (dataset_path, wanted_config, wanted_column, strength, queries.wanted_query, queries.words)
    of_page = experiments.IN_LINKS if here == "experiments" else ()
    for choice in (*shared, *of_page, sides, switching):
        choice.mirror()
    mirror_instruments(here, instruments or {})
    mirror_tour()
