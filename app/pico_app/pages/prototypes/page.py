"""What kinds of style were found, and did feedback matter?"""

import streamlit as st

from pico_app.answers import drawn, readings
from pico_app.figures import feedback, probability
from pico_app.figures.trajectories import sides, trajectories
from pico_app.pages.page import Page, workspace_or_say
from pico_app.pages.parts import figure, led, one_of, prose, question
from pico_app.pages.prototypes import trained
from pico_app.state import columns, screen
from pico_app.words import provenance
from pico_app.words.captions import caption_of
from pico_app.words.columns import feedback_sentence, order_sentence, ways_sentence
from pico_app.workspace import Frame, Workspace

TITLE = "What kinds of style were found, and did feedback matter?"
FACTORS = {1: "as it is", 10: "10 times", 50: "50 times"}


def render(frame: Frame) -> None:
    """Draw the page."""
    space = workspace_or_say(frame, TITLE)
    if space is None:
        return
    reading = readings.feedback(space)
    question(TITLE, feedback_sentence(reading))
    construction = space.study.construction
    prose(
        f"{len(construction.history.iterations)} iterations. {construction.stop_reason.value} Best on the "
        f"feedback split: iteration {construction.best_iteration}; its probabilities are the result. "
        f"{construction.guard.sentence}"
    )
    _ways(space)
    _map(space)
    _weights(space, order_sentence(reading.order))
    trained.section()
    _sources()


@st.fragment
def _ways(space: Workspace) -> None:
    st.subheader("Where the prototypes went", anchor=False)
    planes = readings.prototype_maps(space)
    how, ties, _ = st.columns([3, 3, 1], vertical_alignment="bottom")
    factor = one_of(
        "Draw the way of the prototypes",
        FACTORS,
        default=1,
        key="prototypes-factor",
        container=how,
        help="Prototypes often move too little to be seen. Magnified, every prototype's distance to its last place is "
        "drawn longer; where it ends stays true.",
    )
    with_lines = ties.toggle("Tie columns to their nearest prototype", value=True, key="prototypes-ties")
    construction = space.study.construction
    figure(
        drawn.drawn(
            space,
            trajectories,
            *sides(planes.magnified(float(factor))),
            construction.history.probabilities.numpy(),
            also=(factor,),
            selected=columns.column(space.study.columns.height),
            with_lines=with_lines,
            result=construction.best_iteration,
            theme=screen.theme(),
        ),
        key=f"prototypes-ways-{factor}-{with_lines}",
        caption=caption_of(
            "prototypes-ways", longer="" if factor == 1 else f" The ways are drawn {factor} times as long as they are."
        ),
    )
    prose(ways_sentence(planes))


@st.fragment
def _map(space: Workspace) -> None:
    st.subheader("When the probabilities settled", anchor=False)
    construction = space.study.construction
    change = (
        st.segmented_control(
            "Colour",
            ("Probability", "Change to the result"),
            default="Probability",
            required=True,
            key="prototypes-map-of",
        )
        != "Probability"
    )
    figure(
        drawn.drawn(
            space,
            probability.probability_map,
            construction.history.probabilities.numpy(),
            construction.probabilities.argsort(stable=True).tolist(),
            best=construction.best_iteration,
            selected=columns.column(space.study.columns.height),
            change=change,
            theme=screen.theme(),
        ),
        key=f"prototypes-map-{change}",
        caption=caption_of(f"prototypes-{'change' if change else 'map'}"),
    )


def _weights(space: Workspace, checked: str) -> None:
    st.subheader("Did more gain earn more weight?", anchor=False)
    construction = space.study.construction
    history = construction.history
    curve = readings.weight_curve(space)
    led("The proposition.", provenance.PROPOSITION)
    led("Checked on this record:", checked)
    left, right = st.columns(2)
    with left:
        figure(
            drawn.drawn(
                space,
                feedback.gain_against_weight,
                history.candidate_gains.numpy(),
                history.final_shares.numpy(),
                None if curve is None else (curve.gain.numpy(), curve.weight.numpy()),
                theme=screen.theme(),
            ),
            key="prototypes-gain-weight",
            caption=caption_of(f"prototypes-{'candidates' if curve is None else 'curve'}", config=construction.config),
        )
    with right:
        figure(
            drawn.drawn(
                space,
                feedback.gains_over_time,
                history.candidate_gains.numpy(),
                history.gains.numpy(),
                best=construction.best_iteration,
                theme=screen.theme(),
            ),
            key="prototypes-gains",
        )


def _sources() -> None:
    with st.expander("What is the paper's here, and what is a reconstruction", expanded=True):
        st.markdown(provenance.table_markdown())
        st.markdown(
            "Readable material does not state what is reconstructed. Uniform averaging, all intervals and the check "
            "above are beyond the paper too; the comparison with uniform averaging is paired by image, both without "
            "the guard, at the same strength."
        )


PAGE = Page("prototypes", "Prototypes", ":material/route:", render)
