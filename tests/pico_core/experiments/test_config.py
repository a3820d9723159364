"""One file says everything, and what it cannot mean is refused with the file, the field and the mend."""

import pytest

from pico_core.common.errors import SettingError
from pico_core.experiments.config import find_experiment, read_experiment
from pico_core.method.bases import BASES
from pico_core.retrieval.schemes.catalogue import OF_THE_METHOD, SCHEMES

HEAD = 'name = "n"\nsentence = "s"\nseeds = 2\n'
DATA = '[[datasets]]\ndata = "data"\n'


def test_a_file_is_read_with_its_settings_and_sweeps(written):
    config = written(
        HEAD
        + 'variants = ["p_hat"]\n[settings]\ngamma = 2\n'
        + DATA
        + '[[datasets]]\nname = "turned"\ndata = "data"\nsweep = false\nsettings = { basis = "cross", tau = 1 }\n'
        + "[sweep]\ngamma = [1, 4.0]\nstrengths = [0.5]\n"
    )
    first, second = config.datasets
    assert (first.name, first.sweep, first.config.construction.gamma) == ("data", True, 2.0)
    assert (second.name, second.config.basis, second.config.construction.tau) == ("turned", "cross", 1.0)
    assert second.config.construction.gamma == 2.0
    assert config.seeds == (0, 1)
    names = [variant.name for variant in config.variants_on(first)]
    assert names == ["unweighted", "pico", "shuffled", "p_hat", "gamma=1", "gamma=4", "strengths=0.5"]
    assert [variant.name for variant in config.variants_on(second)] == names[:4]


def test_controls_stand_beside_what_used_feedback(written):
    for name in SCHEMES.names:
        chosen = [variant.name for variant in written(f'{HEAD}variants = ["{name}"]\n{DATA}').variants]
        assert chosen[0] == "unweighted"
        used = SCHEMES[name].family in ("method", "feedback")
        assert ({"pico", "shuffled"} <= set(chosen)) == (used or name in OF_THE_METHOD)


def test_seeds_are_a_number_or_a_list(written):
    assert written(HEAD.replace("2", "[7, 3]") + DATA).seeds == (7, 3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", ("not TOML",)),
        (HEAD.replace("name", "nam") + DATA, ("nam is unknown", "name, sentence, datasets")),
        (HEAD.replace('"s"', '""') + DATA, ("sentence is ''",)),
        (HEAD.replace("2", "0") + DATA, ("seeds is 0", "at least 1")),
        (HEAD.replace("2", "true") + DATA, ("seeds is True",)),
        (HEAD.replace("2", "[1, 1]") + DATA, ("seeds is [1, 1]", "different")),
        (HEAD.replace("2", "[-1]") + DATA, ("seeds is [-1]",)),
        (HEAD, ("datasets is None", "[[datasets]]")),
        (HEAD + 'variants = ["pica"]\n' + DATA, ("variants: there is no scheme 'pica'", "pico_guarded")),
        (HEAD + "variants = 3\n" + DATA, ("variants is 3",)),
        (HEAD + DATA + "place = 1\n", ("datasets[0].place is unknown", "data, name, settings, sweep")),
        (HEAD + '[[datasets]]\ndata = "nowhere"\n', ("datasets[0].data is 'nowhere'", "shortcut, clean, planted")),
        (HEAD + DATA + "sweep = 1\n", ("datasets[0].sweep is 1", "true or false")),
        (HEAD + DATA + DATA, ("two datasets are called 'data'", "name =")),
        (HEAD + DATA + "settings = { gama = 1 }\n", ("datasets[0].settings", "no setting 'gama'")),
        (HEAD + DATA + "settings = { basis = 'up' }\n", ("datasets[0].settings", "basis is 'up'", "cross")),
        (HEAD + DATA + "settings = { seed = 1 }\n", ("datasets[0].settings.seed", "seeds = [...]")),
        (HEAD + DATA + "[settings]\ntau = 0\n", ("settings: tau is 0", "0.0001")),
        (HEAD + DATA + "[sweep]\ngamma = 1\n", ("sweep.gamma is 1", "a list")),
        (HEAD + DATA + "[sweep]\ngamma = [1, 1.0]\n", ("sweep.gamma", "each value once")),
        (HEAD + DATA + "[sweep]\nfit = [0.3]\n", ("sweep.fit", "split")),
        (HEAD + DATA + "[sweep]\nsimilarity = ['cosin']\n", ("sweep.similarity", "'cosin'", "signed_cosine")),
    ],
)
def test_errors_name_the_file_the_field_and_the_mend(written, text, words):
    with pytest.raises(SettingError) as refusal:
        written(text, "mine.toml")
    assert str(refusal.value).startswith("mine.toml: ")
    for word in words:
        assert word in str(refusal.value)


def test_an_experiment_is_found_by_path_or_by_name(place):
    assert find_experiment(place / "small.toml") == place / "small.toml"
    with pytest.raises(SettingError, match="demo"):
        find_experiment("nothing")


def test_the_built_in_experiment_asks_everything_on_every_demo():
    config = read_experiment(find_experiment("demo"))
    assert [variant.name for variant in config.variants] == list(SCHEMES.names)
    assert {dataset.data for dataset in config.datasets} == {"shortcut", "clean", "planted"}
    assert {change.value for change in config.sweep if change.setting == "basis"} == set(BASES.names)
    assert len(config.seeds) >= 5


def test_the_built_in_experiments_sweep_every_reconstructed_choice():
    swept = {change.setting for name in ("demo", "choices") for change in read_experiment(find_experiment(name)).sweep}
    choices = {"representation", "similarity", "combination", "gamma", "n_prototypes", "tau", "strengths"}
    assert swept == choices | {"basis", "shrinkage"}


def test_shrinkage_is_swept_where_there_are_cross_axes(written):
    turned = '[[datasets]]\nname = "turned"\ndata = "data"\nsettings = { basis = "cross" }\n'
    config = written(f'{HEAD}variants = ["p_hat"]\n{DATA}{turned}[sweep]\nshrinkage = [0.5]\n')
    swept = ["shrinkage=0.5" in [variant.name for variant in config.variants_on(one)] for one in config.datasets]
    assert swept == [False, True]
