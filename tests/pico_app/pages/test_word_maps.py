"""Patches and words: what reaches the browser, the tables, and what is said where there is nothing to map."""

import json
import time
from dataclasses import replace

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pico_app.answers import column_detail, compare, datasets, studies, token_maps
from pico_app.answers.compare import Comparison, Outside, side
from pico_app.choices.query import Query
from pico_app.choices.sides import ChosenScheme
from pico_app.figures.word_maps import maps_figure, word_maps_json
from pico_core.encoders.words import TokenWords
from pico_core.method.config import StudyConfig
from pico_core.retrieval.token_maps import TwoMaps, patch_places, token_map
from tests.pico_app.opening import page
from tests.screen import BEWARE


def page_of_globals() -> None:
    from dataclasses import replace

    import torch

    from pico_app.answers import datasets, studies
    from pico_core.data.pairs import PairedEmbeddings
    from pico_core.data.planted import PlantedConfig, planted_pairs
    from pico_core.method.config import StudyConfig
    from pico_core.studies.study import run_study
    from tests.pico_app.opening import draw

    made = planted_pairs(PlantedConfig(n_images=60, n_columns=16), seed=0).pairs
    bare = PairedEmbeddings.from_arrays(made.image_means, made.text_means, text_image=made.text_image)
    dataset = replace(datasets.open_dataset("planted"), pairs=bare, truth=None, demo=None)
    torch.manual_seed(0)
    draw("retrieval", studies.frame_of(dataset, run_study(bare, StudyConfig())))


def opened(app: AppTest) -> AppTest:
    app.query_params["show"] = "words"
    app.run()
    until = time.monotonic() + 60
    while any("Reading the words" in bar.proto.text for bar in app.get("progress")):  # a tokenizer is loaded
        assert time.monotonic() < until
        time.sleep(0.2)
        app.run()
    assert not app.exception
    return app


def sent(app: AppTest) -> dict:
    """What the component in the browser is given."""
    (component,) = app.get("bidi_component")
    return json.loads(json.loads(component.proto.json))


def numbers(text: str) -> torch.Tensor:
    return torch.tensor([int(part) for part in text.split(",")], dtype=torch.float64) / 1e4


@pytest.fixture(scope="module")
def scenes():
    dataset = datasets.open_dataset("shortcut")
    return studies.workspace(dataset, studies.find_study(dataset, StudyConfig()), strength=1.0)


def compared(space, left="unweighted", right="pico"):
    return Comparison(side(space, ChosenScheme("scheme", left)), side(space, ChosenScheme("scheme", right)))


def words_of(space) -> TokenWords:
    found = column_detail.words_of(space, "test").value
    assert isinstance(found, TokenWords)
    return found


def test_scenes_have_a_grid_over_the_picture_and_the_words_of_the_caption():
    app = opened(page("retrieval", "shortcut", query="text-0"))
    given = sent(app)
    caption = app.selectbox[0].options[0]
    assert given["words"] == caption.lower().split()
    assert (given["rows"], given["columns"], given["leading"], given["isGrid"]) == (8, 8, 0, True)
    assert given["picture"].startswith("data:image/jpeg;base64,")
    assert [one["label"] for one in given["sides"]] == ["Unweighted", "Weighted, λ = 1"]
    said = [c.value for c in app.caption if BEWARE in c.value]
    assert any("no proof that the model looks there" in text for text in said)
    answers = [m.value for m in app.markdown if 'class="answer"' in m.value]
    assert "changed most: it adds" in answers[-1]


def test_the_right_answer_is_shown_first_and_any_item_can_be_chosen():
    app = opened(page("retrieval", "shortcut", query="text-0"))
    chooser = next(box for box in app.selectbox if box.label == "Maps with the image")
    assert chooser.options[chooser.index].startswith("000 ·")
    before = sent(app)
    other = next(place for place in range(len(chooser.options)) if place != chooser.index)
    chooser.select_index(other).run()
    assert not app.exception
    assert sent(app)["key"] != before["key"]
    assert sent(app)["words"] == before["words"]
    assert sent(app)["sides"][0]["table"] != before["sides"][0]["table"]


@pytest.mark.parametrize("query", ["text-3", "image-3"])
def test_what_is_sent_is_the_table_of_the_pair_and_adds_up_to_the_score_of_the_lists(scenes, query):
    app = opened(page("retrieval", "shortcut", query=query))
    given, test = sent(app), scenes.splits.test
    kind, index = query.split("-")[0], 3
    found = compared(scenes)
    both = compare.lists_of(scenes, found, Query(kind, index), top_k=10)
    image, text = (index, both.target_before.index) if kind == "image" else (both.target_before.index, index)
    patches, words = test.image_tokens[image].double(), test.text_tokens[text][test.text_mask[text]].double()
    for one, weights, score in zip(
        given["sides"],
        (torch.ones(test.n_columns), scenes.weights),
        (both.target_before.score, both.target_before.other_score),
        strict=True,
    ):
        table = torch.einsum("d,pd,wd->pw", weights.double(), patches, words)
        torch.testing.assert_close(numbers(one["table"]).view(64, -1), table, atol=6e-5, rtol=0)
        assert one["patchOfWord"] == table.argmax(dim=0).tolist()
        assert one["wordOfPatch"] == table.argmax(dim=1).tolist()
        parts = numbers(one["fromWords"]).sum() + numbers(one["fromPatches"]).sum()
        assert float(parts) == pytest.approx(score, abs=0.004)  # 71 numbers of four digits
    assert given["scale"]["low"] == pytest.approx(min(float(numbers(one["table"]).min()) for one in given["sides"]))
    assert given["scale"]["high"] == pytest.approx(max(float(numbers(one["table"]).max()) for one in given["sides"]))


@pytest.mark.parametrize("left", ["p_hat", "permuted", "unweighted"])
def test_maps_under_any_scoring_add_up_to_the_score_of_its_list(scenes, left):
    found = compared(scenes, left)
    asked = Query("text", 5)
    both = compare.lists_of(scenes, found, asked, top_k=10)
    for item in both.left:
        maps = token_maps.word_maps(scenes, found, asked, item.index, words_of(scenes)).maps
        assert maps.left.score == pytest.approx(item.score, abs=1e-5)
        assert maps.right.score == pytest.approx(item.other_score, abs=1e-5)


def test_sides_in_different_axes_have_maps_too(scenes):
    cross = studies.find_study(scenes.dataset, StudyConfig(basis="cross"))
    other = studies.workspace(scenes.dataset, cross, strength=1.0)
    found = Comparison(side(scenes, ChosenScheme("scheme", "pico")), side(other, ChosenScheme("scheme", "pico")))
    asked = Query("text", 5)
    both = compare.lists_of(scenes, found, asked, top_k=3)
    maps = token_maps.word_maps(scenes, found, asked, both.left[0].index, words_of(scenes)).maps
    assert maps.left.score == pytest.approx(both.left[0].score, abs=1e-5)
    assert maps.right.score == pytest.approx(both.left[0].other_score, abs=1e-5)


def test_the_tables_name_the_winners_and_their_changes_agree_as_printed():
    app = opened(page("retrieval", "shortcut", query="text-0"))
    given = sent(app)
    words, patches = (part.value for part in app.dataframe[-2:])
    assert words["word"].to_list() == given["words"]
    assert words["best patch, left"].to_list() == [given["names"][i] for i in given["sides"][0]["patchOfWord"]]
    assert patches["best word, right"].to_list() == [given["words"][i] for i in given["sides"][1]["wordOfPatch"]]
    assert len(patches) == 64
    for table, name in ((words, "fromWords"), (patches, "fromPatches")):
        for place, column in enumerate(("adds, left", "adds, right")):
            expected = numbers(given["sides"][place][name])
            torch.testing.assert_close(torch.tensor(table[column].to_numpy()), expected, atol=1e-9, rtol=0)
        change = torch.tensor((table["adds, right"] - table["adds, left"]).to_numpy())
        torch.testing.assert_close(torch.tensor(table["change"].to_numpy()), change)


def test_planted_patches_stand_in_a_strip_and_words_without_names_are_numbered():
    app = opened(page("retrieval", query="text-0"))
    given = sent(app)
    assert (given["rows"], given["columns"], given["isGrid"], given["picture"]) == (1, 6, False, None)
    assert given["names"] == [f"patch {i}" for i in range(6)]
    assert given["words"] == [f"token {i}" for i in range(1, len(given["words"]) + 1)]
    assert any("have no place in a picture" in c.value for c in app.caption)


def test_one_vector_per_image_has_nothing_to_map_and_says_so():
    app = opened(AppTest.from_function(page_of_globals, default_timeout=60))
    assert not app.get("bidi_component")
    assert any("There is nothing to map" in note.value for note in app.info)


def test_the_same_scoring_twice_has_no_change():
    app = opened(page("retrieval", "shortcut", query="text-0", left="weighted", right="weighted"))
    answers = [m.value for m in app.markdown if 'class="answer"' in m.value]
    assert "keeps its partner" in answers[-1]
    assert sent(app)["scale"]["reach"] == 0


def test_typed_words_are_named_by_their_pieces_and_a_dropped_picture_shows_itself(scenes):
    found, test = compared(scenes), scenes.splits.test
    tokens = test.text_tokens[0][test.text_mask[0]]
    pieces = tuple(f"w{i}" for i in range(len(tokens)))
    typed = Outside("text", "words x", "x", tokens, pieces=pieces)
    assert token_maps.has_maps(found, typed)
    shown = token_maps.word_maps(scenes, found, typed, 2, words_of(scenes))
    assert shown.words == pieces
    inside = token_maps.word_maps(scenes, found, Query("text", 0), 2, words_of(scenes))
    torch.testing.assert_close(shown.maps.right.table, inside.maps.right.table)
    assert shown.picture == inside.picture
    dropped = Outside("image", "picture y", "y", test.image_tokens[2], picture="data:image/png;base64,AAAA")
    back = token_maps.word_maps(scenes, found, dropped, 0, words_of(scenes))
    torch.testing.assert_close(back.maps.right.table, inside.maps.right.table)
    assert back.words == inside.words
    assert back.picture == "data:image/png;base64,AAAA"
    assert not token_maps.has_maps(found, Outside("image", "one", "one", test.image_tokens[2][:1]))


def test_an_image_that_asks_shows_itself(scenes):
    found = compared(scenes)
    asks, answers = Query("image", 3), Query("text", 0)
    pictures = [token_maps.word_maps(scenes, found, asks, text, words_of(scenes)).picture for text in (0, 40)]
    others = [token_maps.word_maps(scenes, found, answers, image, words_of(scenes)).picture for image in (3, 0, 40)]
    assert pictures == [others[0], others[0]]
    assert others[0] not in others[1:]


def test_masked_patches_of_the_dataset_take_no_part(scenes):
    test = scenes.splits.test
    real = test.image_mask.clone()
    real[2, :20] = False
    masked = replace(test, image_mask=real, image_tokens=test.image_tokens.masked_fill(~real[..., None], 0))
    found = compared(scenes)
    found = Comparison(*(replace(one, key=f"{one.key} masked", pairs=masked)
                         for one in (found.left, found.right)))  # fmt: skip
    shown = token_maps.word_maps(scenes, found, Query("text", 0), 2, words_of(scenes))
    assert shown.places.n_patches == 64
    assert not shown.maps.left.real[:20].any()
    assert shown.maps.right.table[:20].isnan().all()
    assert int(shown.maps.right.patch_of_word.min()) >= 20
    assert token_maps.winners_of_patches(shown)["patch"][0] == "row 3, column 5"
    assert len(token_maps.winners_of_patches(shown)) == 44


def made(p=10, w=3, d=6, *, masked=(), seed=0) -> TwoMaps:
    generator = torch.Generator().manual_seed(seed)
    patches, words = torch.randn(p, d, generator=generator), torch.randn(w, d, generator=generator)
    real = torch.ones(p, dtype=torch.bool)
    real[list(masked)] = False
    left, right = torch.ones(d), torch.rand(d, generator=generator)
    return TwoMaps(*(token_map(patches, words, weights=weights, real=real) for weights in (left, right)))


def as_json(maps: TwoMaps, words, picture=None) -> str:
    places = patch_places(len(maps.left.table))
    return word_maps_json(maps, places=places, words=words, labels=("l", "r"), picture=picture, key="k")


def test_masked_patches_keep_their_place_and_a_class_token_stands_apart():
    maps = made(p=10, masked=(4, 9))
    given = json.loads(as_json(maps, ["a", "b", "c"]))
    assert given["real"] == "1111011110"
    assert (given["rows"], given["columns"], given["leading"]) == (3, 3, 1)
    assert given["names"][:2] == ["class token", "row 1, column 1"]
    for one in given["sides"]:
        assert one["wordOfPatch"][4] == one["wordOfPatch"][9] == -1
        assert not {4, 9} & set(one["patchOfWord"])
    real = torch.tensor([digit == "1" for digit in given["real"]])
    low = min(float(numbers(one["table"]).view(10, 3)[real].min()) for one in given["sides"])
    assert given["scale"]["low"] == pytest.approx(low)


def test_the_largest_usual_pair_stays_small():
    assert len(json.dumps(as_json(made(p=196, w=77), [f"word{i}" for i in range(77)]))) < 200_000


def test_words_of_the_data_are_text_in_the_browser_and_escaped_in_the_figure_that_is_kept():
    hostile = "<img src=x onerror='window.hacked=1'>"
    maps = made(w=3)
    assert json.loads(as_json(maps, [hostile, "b", "c"]))["words"][0] == hostile
    figure = maps_figure(maps, places=patch_places(10), words=[hostile] * 3, labels=(hostile, "r"), picture=None)
    assert "<img" not in figure.to_json().replace("\\u003c", "<")


@pytest.mark.parametrize("p", [6, 10, 16, 30])
def test_the_figure_that_is_kept_shows_the_same_values_at_the_same_places(p):
    maps, places = made(p=p, masked=(3,)), patch_places(p)
    figure = maps_figure(maps, places=places, words=["a", "b", "c"], labels=("l", "r"), picture=None)
    word = maps.changed_most
    for heat, table in zip(figure.data, (maps.left.table, maps.right.table, maps.difference), strict=True):
        for patch in range(p):
            cell = places.cell(patch)
            if cell is not None:
                shown = heat.z[cell[0]][cell[1]]
                assert shown is None if patch == 3 else shown == pytest.approx(float(table[patch, word]))
    left, right, change = figure.data
    assert (left.zmin, left.zmax) == (right.zmin, right.zmax) == maps.limits
    assert (change.zmin, change.zmax) == (-maps.largest_change, maps.largest_change)
