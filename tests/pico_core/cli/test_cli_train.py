"""pico-lens train: the table for people and for machines, and a key press that loses nothing."""

from pico_core.cli import train as command
from tests.reporters import pressed_at

FAST = [
    word
    for name in ("n_epochs=2", "batch_size=16", "n_prototypes=2", "n_iterations=2", "n_anchors=8")
    for word in ("--set", name)
]


def test_it_prints_the_answer_then_the_table_and_goes_on(pico, data, tmp_path):
    told = pico("train", data, "--out", tmp_path / "t", "--variants", "pico,permuted", "--seeds", 1, *FAST)
    assert told.code == 0
    lines = told.out.splitlines()
    assert "PICO in the loop makes no detectable difference" in lines[0]
    assert "PICO's weights, permuted, in the loop" in told.out
    again = pico("train", data, "--out", tmp_path / "t", "--variants", "pico,permuted", "--seeds", 2, *FAST, "--json")
    assert again.json["n_seeds"] == 2
    assert [row["variant"] for row in again.json["rows"]] == ["frozen", "none", "pico", "permuted"]


def test_bad_input_is_one_sentence(pico, data, tmp_path):
    for more, told in (
        (["--variants", "magic"], "there is no variant 'magic'"),
        (["--set", "rate=1"], "there is no setting 'rate'"),
        (["--hold-out-styles", "wax"], "'wax' cannot be held out of style"),
    ):
        found = pico("train", data, "--out", tmp_path / "t", *more)
        assert found.code == 2
        assert told in found.err.replace("\n", " ")


def test_a_key_press_keeps_what_is_finished(pico, data, tmp_path, monkeypatch):
    run = command.run_training_comparison

    def pressed(pairs, config, folder, *, device, reporter):
        return run(pairs, config, folder, device=device, reporter=pressed_at(4, reporter))

    monkeypatch.setattr(command, "run_training_comparison", pressed)
    found = pico("train", data, "--out", tmp_path / "t", "--variants", "none,p_hat", "--seeds", 1, *FAST)
    assert found.code == 130
    assert "after 4 of 6 epochs" in found.err.replace("\n", " ")
    assert (tmp_path / "t" / "table.parquet").is_file()
