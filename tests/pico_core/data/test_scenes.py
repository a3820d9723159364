"""Rendered scenes: the truth that is stored is what the pixels and the captions show."""

import re
from collections import Counter
from itertools import combinations

import numpy as np
import polars as pl
import pytest
import torch
from scipy.stats import chi2_contingency

from pico_core.common.errors import SettingError
from pico_core.data.scenes import ScenesConfig, render_scenes, scene_content, scene_item
from pico_core.data.scenes.captions import REGISTERS, STYLE_WORDS, WHERE, write_caption, write_captions
from pico_core.data.scenes.content import COLOURS, SHAPES, SIZES, Box
from pico_core.data.scenes.layout import INVERSE, RELATIONS
from pico_core.data.scenes.rendering import coverage, render_scene
from pico_core.data.scenes.styles import STYLES, apply_style

NAMES = set(SHAPES) | set(COLOURS)
LONGEST_CAPTION = 22  # words


@pytest.fixture(scope="module")
def mixed():
    return render_scenes(ScenesConfig(n_images=200), seed=5)


@pytest.fixture(scope="module")
def contents():
    return [scene_content(seed=11, index=i) for i in range(1500)]


def words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())


# --- the same seed


def test_same_seed_same_scenes():
    first, second = (render_scenes(ScenesConfig(n_images=30), seed=7) for _ in range(2))
    torch.testing.assert_close(first.pixels, second.pixels, rtol=0, atol=0)
    assert first.images.equals(second.images)
    assert first.texts.equals(second.texts)


def test_more_images_extend_fewer(mixed):
    fewer = render_scenes(ScenesConfig(n_images=30), seed=5)
    torch.testing.assert_close(fewer.pixels, mixed.pixels[:30], rtol=0, atol=0)
    assert fewer.images.equals(mixed.images[:30])
    assert fewer.texts.equals(mixed.texts[:150])


def test_another_seed_other_scenes(mixed):
    other = render_scenes(ScenesConfig(n_images=200, size=32), seed=6)
    boxes = {str(row) for row in mixed.images["boxes"].to_list()}
    assert not boxes & {str(row) for row in other.images["boxes"].to_list()}
    assert (mixed.images["style"] == other.images["style"]).mean() < 0.3
    assert len(set(mixed.captions) & set(other.captions)) < 20  # of 1000: one object has few descriptions


def test_content_does_not_depend_on_style_size_or_words(mixed):
    plain = ScenesConfig(n_images=20, size=32, styles=("flat",), registers=("terse",), captions_per_image=1)
    content = ["count", "shapes", "colours", "sizes", "relation", "first_object", "boxes"]
    assert render_scenes(plain, seed=5).images.select(content).equals(mixed.images[:20].select(content))


def test_global_chance_is_left_alone():
    np.random.seed(3)  # noqa: NPY002
    torch.manual_seed(3)
    expected = np.random.rand(), torch.rand(1).item()  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    torch.manual_seed(3)
    render_scenes(ScenesConfig(n_images=12, size=32), seed=0)
    assert (np.random.rand(), torch.rand(1).item()) == expected  # noqa: NPY002


# --- content


def test_objects_never_overlap_and_stay_inside(contents):
    for scene in contents:
        for box in (thing.box for thing in scene.objects):
            assert 0 <= box.left < box.right <= 1
            assert 0 <= box.top < box.bottom <= 1
        assert not any(a.box.overlaps(b.box) for a, b in combinations(scene.objects, 2))


def test_a_colour_and_a_shape_name_one_object(contents):
    for scene in contents:
        assert len({thing.colour for thing in scene.objects}) == scene.count
        assert len({thing.shape for thing in scene.objects}) == scene.count


def test_every_factor_takes_all_its_values(contents):
    things = [thing for scene in contents for thing in scene.objects]
    assert {thing.shape for thing in things} == set(SHAPES)
    assert {thing.colour for thing in things} == set(COLOURS)
    assert {thing.size for thing in things} == set(SIZES)
    assert {(scene.count, scene.relation) for scene in contents} == {(n, r) for n in RELATIONS for r in RELATIONS[n]}


def test_relation_of_two_is_where_their_boxes_are(contents):
    checked = 0
    for scene in (scene for scene in contents if scene.count == 2):
        (x, y), (other_x, other_y) = (thing.box.centre for thing in scene.objects)
        across = "left" if x < other_x - 0.2 else "right" if x > other_x + 0.2 else ""
        down = "above" if y < other_y - 0.2 else "below" if y > other_y + 0.2 else ""
        assert scene.relation.replace(" of", "") == " ".join(part for part in (down, across) if part)
        checked += 1
    assert checked > 300


def test_inverse_is_seen_from_the_other():
    assert INVERSE["above"] == "below"
    assert INVERSE["above left of"] == "below right of"
    assert all(INVERSE[INVERSE[relation]] == relation for relation in RELATIONS[2])


def test_colours_are_well_apart():
    lab = {name: to_lab(rgb) for name, rgb in COLOURS.items()}
    assert min(np.linalg.norm(lab[a] - lab[b]) for a, b in combinations(lab, 2)) > 30


def to_lab(rgb: tuple[int, int, int]) -> np.ndarray:
    c = np.array(rgb) / 255
    linear = np.where(c > 0.04045, ((c + 0.055) / 1.055) ** 2.4, c / 12.92)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    f = np.cbrt(xyz / [0.9505, 1.0, 1.089])
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


# --- pixels


def nearest_colour(pixels: np.ndarray) -> np.ndarray:
    """Number of the vocabulary colour within 60 of 255, or -1."""
    distance = np.linalg.norm(pixels[..., None, :] - np.array(list(COLOURS.values())) / 255, axis=-1)
    return np.where(distance.min(axis=-1) < 60 / 255, distance.argmin(axis=-1), -1)


def pixels_of(box: Box, size: int, *, beyond: int = 0) -> tuple[slice, slice]:
    def span(low: float, high: float) -> slice:
        return slice(max(0, int(np.floor(low * size)) - beyond), int(np.ceil(high * size)) + beyond)

    return span(box.top, box.bottom), span(box.left, box.right)


@pytest.mark.parametrize("size", [64, 128])
def test_boxes_are_where_the_pixels_are(size):
    names = list(COLOURS)
    for i in range(40):
        item = scene_item(ScenesConfig(size=size, styles=("flat",)), seed=2, index=i)
        seen, outside = nearest_colour(item.picture), np.ones((size, size), dtype=bool)
        for thing in item.scene.objects:
            inside = seen[pixels_of(thing.box, size)]
            counts = Counter(inside[inside >= 0].tolist())
            assert counts.most_common(1)[0][0] == names.index(thing.colour)
            assert counts[names.index(thing.colour)] > 0.2 * inside.size  # the crescent and the cross are slim
            outside[pixels_of(thing.box, size, beyond=1)] = False
        assert (seen[outside] == -1).all()


def test_box_is_the_reach_of_the_drawing(contents):
    size = 256
    for thing in (thing for scene in contents[:60] for thing in scene.objects):
        rows, columns = np.nonzero(coverage(thing, size=size) > 0.5)
        drawn = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / size
        box = thing.box
        np.testing.assert_allclose(drawn, [box.left, box.top, box.right, box.bottom], atol=2.5 / size)


def test_sizes_are_well_apart(contents):
    def longer(box: Box) -> float:
        return max(box.right - box.left, box.bottom - box.top)

    for thing in (thing for scene in contents[:100] for thing in scene.objects):
        assert longer(thing.box) == pytest.approx(SIZES[thing.size])
    assert SIZES["small"] * 1.3 < SIZES["medium"]
    assert SIZES["medium"] * 1.3 < SIZES["large"]


def test_edges_are_smooth(contents):
    cover = coverage(contents[0].objects[0], size=64)
    assert len(np.unique(cover)) > 8


# --- styles


def styled(seed: int, size: int = 64) -> dict[str, np.ndarray]:
    scene = scene_content(seed=seed, index=0)
    image = render_scene(scene, np.random.default_rng(seed), size=size)
    return {style: apply_style(image, np.random.default_rng(seed), style=style) for style in STYLES}


def test_every_two_styles_differ():
    gaps = {pair: [] for pair in combinations(STYLES, 2)}
    for seed in range(12):
        pictures = styled(seed)
        for (one, other), seen in gaps.items():
            seen.append(float(np.abs(pictures[one] - pictures[other]).mean()))
    closest = min(gaps, key=lambda pair: np.mean(gaps[pair]))
    # Mean absolute difference. The least is blur beside flat (0.018): it only moves edges.
    assert np.mean(gaps[closest]) > 0.012, closest
    assert min(np.mean(gaps[pair]) for pair in gaps if "flat" in pair and "blur" not in pair) > 0.03


@pytest.mark.parametrize("style", STYLES)
def test_style_is_pure_and_bounded(style):
    image = render_scene(scene_content(seed=1, index=0), np.random.default_rng(1), size=64)
    before = image.copy()
    once = apply_style(image, np.random.default_rng(4), style=style)
    again = apply_style(image, np.random.default_rng(4), style=style)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(once, again)
    assert once.dtype == np.float32
    assert once.min() >= 0
    assert once.max() <= 1


KEEP_COLOUR = ("flat", "outline", "watercolour", "sepia", "night", "pixel art", "blur", "noise")


@pytest.mark.parametrize("style", STYLES)
def test_objects_stay_visible_and_most_styles_keep_their_colour(style):
    """Mean colour on the object, compared with the ground, points at its own colour rather than at another."""
    right = []
    hues = {name: np.array(rgb) - np.mean(rgb) for name, rgb in COLOURS.items()}
    for i in range(40):
        item = scene_item(ScenesConfig(styles=(style,)), seed=8, index=i)
        covers = [coverage(thing, size=64) > 0.5 for thing in item.scene.objects]
        ground = item.picture[~np.any(covers, axis=0)].mean(axis=0)
        for thing, cover in zip(item.scene.objects, covers, strict=True):
            shade = item.picture[cover].mean(axis=0)
            assert np.abs(shade - ground).max() > 0.04, (style, i, thing.name)
            tint = (shade - shade.mean()) - (ground - ground.mean())
            right.append(max(hues, key=lambda name: hues[name] @ tint / np.linalg.norm(hues[name])) == thing.colour)
    if style in KEEP_COLOUR:
        assert np.mean(right) > 0.6  # chance: 1 in 8
    else:
        assert np.mean(right) < 0.35


def test_styles_look_alike_at_every_size():
    small, large = styled(3, size=64), styled(3, size=256)
    for style in STYLES:
        shrunk = large[style].reshape(64, 4, 64, 4, 3).mean(axis=(1, 3))
        assert np.abs(shrunk.mean() - small[style].mean()) < 0.05, style
        if style in ("flat", "outline", "blur", "pixel art"):  # no chance in these: pixel by pixel
            assert np.abs(shrunk - small[style]).mean() < 0.004, style


# --- captions


def test_captions_name_exactly_the_colours_and_shapes_shown(mixed):
    owner = mixed.text_image.tolist()
    shown = [set((s + " " + c).split()) for s, c in mixed.images.select("shapes", "colours").iter_rows()]
    for caption, image in zip(mixed.captions, owner, strict=True):
        named = [word for word in words(caption) if word in NAMES]
        assert set(named) == shown[image], caption
        assert len(named) == len(set(named)), caption


def test_phrases_hold_no_name_of_a_colour_or_a_shape():
    stock = [phrase for said in WHERE.values() for phrase in said] + list(STYLE_WORDS.values())
    for register in REGISTERS.values():
        stock += [*register.small, *register.large, *register.one, *register.two, *register.many, *register.styled]
    assert not NAMES & {word for phrase in stock for word in words(phrase)}


def test_each_object_keeps_its_size_colour_and_shape_together(contents):
    for scene in contents[:100]:
        for register, spoken in REGISTERS.items():
            text = write_caption(scene, np.random.default_rng(0), register=register).lower()
            for thing in scene.objects:
                sizes = {"small": spoken.small, "large": spoken.large}
                before = text.split(thing.name)[0].split()[-1:]
                said = {word.strip("[(") for word in before} & {*spoken.small, *spoken.large}
                assert said <= set(sizes.get(thing.size, ()))
                assert bool(said) == (thing.size != "medium"), text


def test_captions_say_the_relation(contents):
    swapped = []
    for i, scene in enumerate(scene for scene in contents[:300] if scene.count == 2):
        text = write_caption(scene, np.random.default_rng(i), register="plain")
        first, second = (text.index(thing.name) for thing in scene.objects)
        swapped.append(first > second)
        relation = scene.relation if first < second else INVERSE[scene.relation]
        between = text[min(first, second) : max(first, second)]
        assert any(f" {phrase} " in between for phrase in WHERE[relation]), text
    assert 0.3 < np.mean(swapped) < 0.7


def test_captions_are_short_and_differ_within_an_image(mixed):
    assert max(len(caption.split()) for caption in mixed.captions) <= LONGEST_CAPTION
    for _, rows in mixed.texts.with_columns(image=mixed.text_image.numpy()).group_by("image"):
        assert rows["caption"].n_unique() == 5
        assert rows["register"].n_unique() == 5


@pytest.mark.parametrize("register", REGISTERS)
def test_one_register_has_many_forms(contents, register):
    for scene in contents[:30]:
        generator = np.random.default_rng(0)
        assert len({write_caption(scene, generator, register=register) for _ in range(60)}) >= 5


@pytest.mark.parametrize("register", REGISTERS)
def test_captions_of_one_register_do_not_repeat_within_an_image(contents, register):
    five = (register,) * 5
    for i, scene in enumerate(contents[:60]):
        written = write_captions(scene, np.random.default_rng(i), registers=five, styles=(None,) * 5)
        assert len(set(written)) == 5, written


def test_registers_can_be_told_apart(mixed):
    """Naive Bayes on the words alone, half to learn from and half to judge."""
    texts = mixed.texts.with_columns(train=mixed.text_image.numpy() < 100)
    counts = {register: Counter() for register in REGISTERS}
    for caption, register in texts.filter("train").select("caption", "register").iter_rows():
        counts[register].update(words(caption))
    vocabulary = set().union(*counts.values())
    total = {register: sum(count.values()) + len(vocabulary) for register, count in counts.items()}

    def guess(caption: str) -> str:
        return max(counts, key=lambda r: sum(np.log((counts[r][w] + 1) / total[r]) for w in words(caption)))

    judged = texts.filter(~pl.col("train"))
    right = [guess(c) == r for c, r in judged.select("caption", "register").iter_rows()]
    assert np.mean(right) > 0.9


def test_name_style_names_it():
    scenes = render_scenes(ScenesConfig(n_images=100, size=32, name_style=0.4), seed=3)
    named = scenes.texts["style_named"]
    assert 0.33 < named.mean() < 0.47
    for caption, style, is_named in scenes.texts.select("caption", "style", "style_named").iter_rows():
        assert (STYLE_WORDS[style] in caption) == is_named
    assert not render_scenes(ScenesConfig(n_images=4, size=32), seed=3).texts["style_named"].any()


# --- style and register


def test_tie_of_one_makes_the_register_a_function_of_the_style():
    scenes = render_scenes(ScenesConfig(n_images=60, size=32, tie=1.0), seed=0)
    assert scenes.texts.group_by("style").agg(pl.col("register").n_unique())["register"].to_list() == [1] * 10
    assert scenes.texts["register"].n_unique() == 5
    for style, register in scenes.texts.select("style", "register").iter_rows():
        assert register == scenes.config.partner(style)


def test_partners_are_those_of_the_docstring():
    partners = {style: ScenesConfig().partner(style) for style in STYLES}
    assert [style for style, register in partners.items() if register == "plain"] == ["flat", "night"]
    assert [style for style, register in partners.items() if register == "terse"] == ["outline", "pixel art"]
    assert [style for style, register in partners.items() if register == "formal"] == ["pencil sketch", "blur"]
    assert [style for style, register in partners.items() if register == "poetic"] == ["watercolour", "noise"]
    assert [style for style, register in partners.items() if register == "chatty"] == ["sepia", "photocopy"]


def test_tie_of_zero_leaves_them_independent():
    assert chi2_contingency(counted(tie=0.0)).pvalue > 0.01
    assert chi2_contingency(counted(tie=0.3)).pvalue < 1e-6  # the same test sees a weak tie


def counted(*, tie: float) -> np.ndarray:
    """How often each style (rows) meets each register, one caption per image."""
    styles = ("flat", "blur", "noise", "sepia")  # the fastest
    config = ScenesConfig(n_images=500, size=32, captions_per_image=1, styles=styles, tie=tie)
    texts = render_scenes(config, seed=0).texts
    table = texts.pivot("register", index="style", values="caption", aggregate_function="len").drop("style")
    return table.fill_null(0).to_numpy()


def test_tie_is_a_probability():
    config = ScenesConfig(n_images=200, size=32, styles=("flat", "blur", "sepia"), tie=0.6)
    texts = render_scenes(config, seed=1).texts
    follows = [register == config.partner(style) for style, register in texts.select("style", "register").iter_rows()]
    assert np.mean(follows) == pytest.approx(0.6 + 0.4 / 5, abs=0.04)


# --- shapes of the result, and mistakes


def test_frames_and_tensors_agree(mixed):
    assert mixed.pixels.shape == (200, 64, 64, 3)
    assert mixed.pixels.dtype == torch.uint8
    assert mixed.text_image.tolist() == [i for i in range(200) for _ in range(5)]
    assert mixed.images["id"].n_unique() == 200
    for row in mixed.images.iter_rows(named=True):
        shapes, colours = row["shapes"].split(), row["colours"].split()
        assert len(shapes) == len(colours) == len(row["sizes"].split()) == len(row["boxes"]) == row["count"]
        assert row["first_object"] == f"{colours[0]} {shapes[0]}"
    assert mixed.texts["first_object"].to_list()[::5] == mixed.images["first_object"].to_list()
    assert mixed.texts["style"].to_list()[::5] == mixed.images["style"].to_list()
    np.testing.assert_array_equal(np.asarray(mixed.picture(3)), mixed.pixels[3].numpy())


def test_captions_may_outnumber_registers():
    scenes = render_scenes(ScenesConfig(n_images=10, size=32, captions_per_image=7), seed=0)
    for image in range(10):
        said = Counter(scenes.texts["register"].to_list()[7 * image : 7 * image + 7])
        assert set(said.values()) == {1, 2}
        assert len(said) == 5


def test_progress_is_told():
    told = []
    render_scenes(ScenesConfig(n_images=3, size=32), seed=0, on_image=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("setting", "mend"),
    [
        ({"n_images": 0}, "n_images is 0; expected at least 1"),
        ({"captions_per_image": 0}, "captions_per_image is 0; expected at least 1"),
        ({"size": 16}, "size is 16; expected 32 to 1024"),
        ({"size": 4000}, "size is 4000; expected 32 to 1024"),
        ({"styles": ("cubist",)}, "'cubist', which does not exist; choose among flat, outline"),
        ({"styles": ()}, "styles is empty; choose at least one of flat"),
        ({"styles": ("flat", "night", "night")}, "'night' more than once; name it once"),
        ({"registers": ("rude",)}, "'rude', which does not exist; choose among plain"),
        ({"registers": ()}, "registers is empty; choose"),
        ({"tie": 1.5}, "tie is 1.5; expected a probability, 0 to 1"),
        ({"tie": float("nan")}, "tie is nan; expected a probability"),
        ({"name_style": -0.1}, "name_style is -0.1; expected a probability"),
    ],
)
def test_mistakes_are_refused_with_the_mend(setting, mend):
    with pytest.raises(SettingError, match=re.escape(mend)):
        ScenesConfig(**setting)


def test_unknown_names_and_seeds_are_refused(contents):
    image = np.zeros((32, 32, 3), dtype=np.float32)
    with pytest.raises(SettingError, match="choose one of flat"):
        apply_style(image, np.random.default_rng(0), style="cubist")
    with pytest.raises(SettingError, match="choose one of plain"):
        write_caption(contents[0], np.random.default_rng(0), register="rude")
    with pytest.raises(SettingError, match="expected 0 or more"):
        render_scenes(ScenesConfig(n_images=1), seed=-1)
