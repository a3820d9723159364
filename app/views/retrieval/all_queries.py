"""All queries of the test split."""

import streamlit as st

from app import services
from app.figures import ranked_lists as lists


def render(space: services.Workspace) -> None:
    """The table of the report."""
    report = space.study.report
    st.markdown(report.sentence)
    st.html(lists.report_html(report))
    st.caption(
        f"{report.n_images:,} images and {report.n_texts:,} texts of the {report.split} split, at the guarded "
        "weights; the lists above use the slider's strength instead. Recall, rSum and MRR in per cent (rSum of 600), "
        "small print: 95 % interval, resampled by image.  \n"
        "**Read it so:** the change is paired, query by query, against the unweighted row; it is the number to "
        "trust.  \n**Do not read it so:** overlapping intervals of two rows do not show that they are equal."
    )
