"""Step 4: columns as points."""

import streamlit as st

from pico_app.answers import documents, method, readings
from pico_app.figures import points as draw
from pico_app.figures.columns import chosen_column
from pico_app.figures.theme import Theme
from pico_app.pages.method.picking import set_pick
from pico_app.pages.method.step import Pick, Step, draw_section, factor, number
from pico_app.pages.parts import prose
from pico_app.state import widgets
from pico_app.words import read_words
from pico_app.words.captions import caption_of
from pico_app.workspace import Workspace


def substituted(space: Workspace, pick: Pick) -> str:
    """One coordinate of the column, from the image of the pair where it is an anchor."""
    profile = method.column_profile(space, pick.column)
    if profile is None:
        return r"\text{in this study the coordinates of a column are not the means of items}"
    image = int(space.splits.fit.text_image[pick.text])
    items = profile.items.tolist()
    row = items.index(image) if image in items else 0
    return (
        rf"c_{{{pick.column},a}} = \frac{{{number(float(profile.values[row]), 4)} - {factor(profile.mean, 4)}}}"
        rf"{{{number(profile.norm, 4)}}} \approx {number(float(profile.point[row]), 4)} \qquad "
        rf"\text{{for anchor image }} a = {items[row]}"
    )


def nearest(space: Workspace, column: int) -> int:
    """The column most like it, whatever the sign."""
    cosines = method.column_cosines(space, column)
    others = [index for index in range(len(cosines)) if index != column]
    return max(others, key=lambda index: abs(cosines[index])) if others else column


def answer(space: Workspace, pick: Pick) -> str:
    """The nearest column, and how near."""
    other = nearest(space, pick.column)
    cosine = method.column_cosines(space, pick.column)[other]
    n_anchors = space.study.construction.image_columns.shape[1]
    return (
        f"Column {pick.column} is a point of {n_anchors} coordinates. The column most like it in pictures is {other}, "
        f"with a cosine of {cosine:+.3f}."
    )


def render(space: Workspace, pick: Pick) -> None:
    """Two columns as lines, all columns as points."""
    other = _beside(space, pick)
    left, right = st.columns(2, gap="medium")
    lines, plane = _figures(space, pick, other)
    with left:
        draw_section(lines, key="method-profiles", finding=answer(space, pick))
    with right:
        points = draw_section(plane, key="method-plane", finding=answer(space, pick), select=True)
    chosen = widgets.fresh("method-plane", chosen_column(points))
    if chosen is not None:
        set_pick(space, column=chosen)
    prose(
        "The same is done with captions as anchors, so that every column is two points: one among pictures, one among "
        "sentences. The next step looks for groups among them."
    )


def _beside(space: Workspace, pick: Pick) -> int:
    cosines = method.column_cosines(space, pick.column)
    ordered = sorted((i for i in range(len(cosines)) if i != pick.column), key=lambda i: -abs(cosines[i]))
    chooser, _ = st.columns([5, 6])
    other = chooser.selectbox(
        "Beside it",
        ordered or [pick.column],
        format_func=lambda index: f"column {index} · cosine {cosines[index]:+.3f}",
        key=f"method-beside-{space.key}-{pick.column}",
        help="The most alike stands first, whatever its sign.",
    )
    return int(other)


def figures(space: Workspace, pick: Pick) -> list[documents.PageSection]:
    """What the handout shows."""
    return _figures(space, pick, nearest(space, pick.column))


def _figures(space: Workspace, pick: Pick, other: int) -> list[documents.PageSection]:
    construction, frame = space.study.construction, readings.columns_frame(space)
    image = readings.prototype_maps(space).image
    known = frame["semantic_share"].null_count() == 0

    def lines(theme: Theme) -> object:
        return draw.profiles(
            construction.image_columns[pick.column].numpy(),
            construction.image_columns[other].numpy(),
            names=(f"column {pick.column}", f"column {other}"),
            cosine=method.column_cosines(space, pick.column)[other],
            theme=theme,
        )

    def plane(theme: Theme) -> object:
        return draw.columns_plane(
            image.columns.numpy(),
            frame["semantic_share" if known else "p_hat"].to_numpy(),
            named="planted<br>meaning" if known else "p̂",
            selected=pick.column,
            beside=other,
            explained=sum(image.explained),
            theme=theme,
        )

    return [
        documents.PageSection(
            "profiles", "Two columns over the anchors", figure=lines, caption=caption_of("method-profiles")
        ),
        documents.PageSection("points", "All columns as points", figure=plane, caption=caption_of("method-plane")),
    ]


STEP = Step(
    name="points",
    **read_words("steps")["points"],
    picks=("column",),
    substituted=substituted,
    render=render,
    answer=answer,
    figures=figures,
)
