"""The page for a room: large type, one step on the screen, nothing beside it."""

import streamlit as st

STYLE = """<style>
[data-testid=stSidebar],[data-testid=stExpandSidebarButton],[data-testid=stSidebarCollapsedControl]{display:none}
[data-testid=stMainBlockContainer]{max-width:none;padding:1.4rem 3rem 2rem}
[data-testid=stMainBlockContainer] h1{font-size:1.35rem;font-weight:600;opacity:.75;padding:0}
[data-testid=stMain] p.answer{font-size:1.6rem!important;max-width:none}
[data-testid=stMain] p.prose{font-size:1.3rem!important;max-width:none}
.source{font-size:1.05rem!important}
.katex{font-size:1.35em}
[data-testid=stMainBlockContainer] [data-testid=stCaptionContainer]{font-size:1rem}
[data-testid=stMainBlockContainer] button p,[data-testid=stMainBlockContainer] summary p{font-size:1.1rem}
</style>"""


def large_type() -> None:
    """Hide the sidebar and set everything larger."""
    st.html(STYLE)
