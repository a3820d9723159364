"""The documents say what the program does: links, snippets, commands, formats, the glossary and its three answers."""

import inspect
import json
import os
import re
import shlex
import tomllib
from dataclasses import fields, replace
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import numpy as np
import polars as pl
import pytest
import torch
import typer
from safetensors import safe_open

from pico_app.documents.glossary import glossary_page, with_answers
from pico_app.words import answers, glossary
from pico_core import cli
from pico_core.columns.probe import ALL, FIXED, SCHEMA, label_probe
from pico_core.data import marks
from pico_core.experiments import grid
from pico_core.experiments.config import read_experiment
from pico_core.experiments.rows import CURVES, LEAD, TRAINED, TRAINED_SCHEMA
from pico_core.experiments.tables import LISTED
from pico_core.experiments.training_list import read_training_list
from pico_core.formats import native
from pico_core.method.bases import BASES
from pico_core.method.basis import Basis
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.method.feedback import candidate_shares
from pico_core.method.probabilities import combine_modalities, weights_from
from pico_core.retrieval.best_candidates import hits_frame, top_candidates
from pico_core.retrieval.switching import column_sets
from pico_core.studies import plain_values, runs
from pico_core.studies.export import ARRAYS
from pico_core.studies.probes import FORMAT as PROBE_FORMAT
from pico_core.studies.runs import save_run
from tests.bench.suite import read as read_speed
from tests.bench.suite import table as speed_table
from tests.bench.suite import verdicts
from tests.places import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
CODE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)]+)\)")
LONG = {"demo planted", "demo build"}  # they make the demos anew, from half a minute to an hour


def text(name):
    return (DOCS / name).read_text(encoding="utf-8")


def sections(page, level):
    """Heading and body of every section of this level, in order."""
    parts = re.split(rf"^{'#' * level} (.+)$", CODE.sub(lambda m: m.group().replace("\n#", "\n\\#"), page), flags=re.M)
    bodies = [re.split(rf"^#{{1,{level - 1}}} ", body, flags=re.M)[0] for body in parts[2::2]]
    return dict(zip(parts[1::2], (body.replace("\n\\#", "\n#") for body in bodies), strict=True))


def snippets(body, language):
    return [code for found, code in CODE.findall(body) if found == language]


def slug(heading):
    """How a heading is named in a link."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# Pages


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for link in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        if link.startswith("https://"):
            continue
        path, _, place = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), f"{page.name} names {link}"
        assert ROOT in target.parents, f"{page.name} leads out of the project: {link}"
        if place:
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.M)
            assert place in [slug(heading) for heading in headings], f"{page.name} names {link}"


def test_the_index_names_every_page_and_the_readme_names_the_index():
    named = set(LINK.findall(text("README.md")))
    assert {page.name for page in PAGES} - {"README.md"} <= named
    assert "docs/README.md" in LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))


def test_the_table_of_speed_is_that_of_the_kept_run():
    where, rows = read_speed(DOCS / "speed.json")
    assert where in text("speed.md")
    assert speed_table(rows, markdown=True) in text("speed.md")
    assert verdicts(rows) in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_names_a_place_of_one_machine(page):
    content = page.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w.])/(home|tmp|work|root|usr|opt|mnt|Users|var)/|[A-Z]:\\", content)
    assert str(ROOT) not in content


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_are_plain(page):
    prose = CODE.sub("", page.read_text(encoding="utf-8")).replace("<!--", "").replace("-->", "")
    assert "\u2014" not in prose
    assert "!" not in prose
    for line in prose.splitlines():
        assert len(line) <= 120 or line.startswith("|"), line


# Snippets


def run_snippets(page, section, *, start, monkeypatch, folder):
    """The snippets of a section, one after the other, in a namespace that begins with that of the start."""
    monkeypatch.chdir(folder)
    namespace = dict(start)
    torch.manual_seed(0)
    for number, code in enumerate(snippets(section[1], "python"), 1):
        exec(compile(code, f"{page}, {section[0]}, snippet {number}", "exec"), namespace)
    return namespace


@pytest.fixture(scope="module")
def engine_start():
    namespace = {}
    (code,) = snippets(sections(text("engine.md"), 2)["Start"], "python")
    exec(compile(code, "engine.md, Start", "exec"), namespace)
    return namespace


ENGINE = [(name, body) for name, body in sections(text("engine.md"), 2).items() if name != "Start"]


@pytest.mark.parametrize("section", ENGINE, ids=lambda section: section[0])
def test_the_snippets_of_the_engine_run(section, engine_start, monkeypatch, tmp_path, capsys):
    assert snippets(section[1], "python"), "a section of the how-to shows how"
    run_snippets("engine.md", section, start=engine_start, monkeypatch=monkeypatch, folder=tmp_path)
    assert "nan" not in capsys.readouterr().out.lower().split()


def test_the_how_to_covers_what_the_package_exports():
    import pico_core

    shown = " ".join(snippets(text("engine.md"), "python"))
    assert [name for name in pico_core.__all__ if not re.search(rf"\b{name}\b", shown)] == []


METHOD = sections(text("method.md"), 2)


@pytest.fixture(scope="module")
def method_start():
    namespace = {}
    (code,) = snippets(text("method.md").split("\n## ")[0], "python")
    exec(compile(code, "method.md", "exec"), namespace)
    return namespace


@pytest.mark.parametrize("section", METHOD.items(), ids=lambda section: section[0])
def test_what_the_method_notes_state_holds(section, method_start, monkeypatch, tmp_path):
    # Sections 2 and 3 belong together: the null is that of the sign shares.
    together = [*snippets(METHOD["2. Sign statistics"], "python")] if section[0].startswith("3.") else []
    whole = "\n".join(f"```python\n{code}```" for code in [*together, *snippets(section[1], "python")])
    run_snippets("method.md", (section[0], whole), start=method_start, monkeypatch=monkeypatch, folder=tmp_path)


def test_every_formula_says_whose_it_is():
    for heading, body in METHOD.items():
        assert "Provenance: " in body, heading
        said = body.split("Provenance: ")[1].split("\n\n")[0]
        assert re.search(r"\b(paper|reconstruction|beyond\s+the\s+paper)\b", said), heading
        assert heading.startswith(("8.", "9.")) or snippets(body, "text"), f"{heading} states no formula"


def test_every_statement_with_a_proof_is_checked():
    for heading, body in METHOD.items():
        if "*Proof.*" in body:
            assert any("assert" in code for code in snippets(body, "python")), heading


# Command line


def command_options(command):
    """What a command takes: the flag, or the name of an argument, and what stands for its default."""
    return {
        param.name.upper() if param.param_type_name == "argument" else max(param.opts, key=len): default_of(param)
        for param in command.params
        if param.name != "help"
    }


def default_of(param):
    if param.required:
        return "required"
    if getattr(param, "is_flag", False):
        return "off"
    value = getattr(param, "default", None)
    if not isinstance(value, str | int | float | Path) or (isinstance(value, Path) and value.is_absolute()):
        return None  # said in words
    return f"`{value}`"


def choices_of(command):
    """Every value of every option that has named values."""
    hints = get_type_hints(inspect.unwrap(command.callback)).values()
    kinds = [kind for hint in hints for kind in (hint, *get_args(hint)) if get_origin(kind) is Literal]
    return [choice for kind in kinds for choice in get_args(kind)]


def own_commands():
    """The engine's own commands; an installed package may add others."""
    whole = typer.main.get_command(cli.app)
    found = {}
    for name, command in whole.commands.items():
        inner = getattr(command, "commands", None)
        found |= {name: command} if inner is None else {f"{name} {sub}": one for sub, one in inner.items()}
    return found


def table_rows(body):
    return [tuple(cell.strip() for cell in row.strip("|").split(" | ")) for row in re.findall(r"^\|.*\|$", body, re.M)][
        2:
    ]


COMMANDS = sections(text("command-line.md"), 3)


def test_every_command_has_its_section_and_no_section_is_invented():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    added = set(project.get("entry-points", {}).get("pico_lens.commands", ()))
    assert set(own_commands()) <= set(COMMANDS)
    assert set(COMMANDS) - set(own_commands()) <= added


@pytest.mark.parametrize("name", sorted(own_commands()))
def test_a_section_lists_the_options_of_its_command_with_their_defaults(name):
    told = {}
    for option, default, meaning in table_rows(COMMANDS[name]):
        assert meaning, option
        told[option.strip("`").split(" ")[0]] = default
    known = command_options(own_commands()[name])
    assert set(told) == set(known)
    for option, default in known.items():
        if default is None:
            assert "`" not in told[option], f"{option} has no default, but {told[option]} is told"
            assert told[option] not in ("required", "off", "")
        else:
            assert told[option] == default, option


@pytest.mark.parametrize("name", sorted(own_commands()))
def test_the_choices_of_an_option_are_all_told(name):
    for choice in choices_of(own_commands()[name]):
        assert f"`{choice}`" in COMMANDS[name], choice


def test_some_options_have_choices():
    assert {"text-to-image", "test"} <= set(choices_of(own_commands()["retrieve"]))


@pytest.mark.parametrize("name", sorted(own_commands()))
def test_a_section_has_one_example_of_its_command_that_can_be_read(name):
    (example,) = snippets(COMMANDS[name], "sh")
    words = shlex.split(example)
    spoken = name.split()
    assert words[: len(spoken) + 1] == ["pico-lens", *spoken]
    own_commands()[name].make_context(name, words[len(spoken) + 1 :])  # raises where an option is not there


@pytest.fixture(scope="module")
def own_files(tmp_path_factory):
    """What the examples expect to find: a few pictures, their captions, and arrays of another program."""
    folder = tmp_path_factory.mktemp("examples")
    scenes = ROOT / "assets" / "scenes"
    captions = pl.read_csv(scenes / "captions.csv", infer_schema=False)
    name = next(column for column in captions.columns if captions[column].str.ends_with(".webp").all())
    few = sorted(set(captions[name].to_list()))[:6]
    captions.filter(pl.col(name).is_in(few)).write_csv(folder / "captions.csv")
    (folder / "photos").mkdir()
    for one in few:
        found = next(path for path in (scenes / one, scenes / "pictures" / one) if path.is_file())
        (folder / "photos" / Path(one).name).write_bytes(found.read_bytes())
    values = np.random.default_rng(0).normal(size=(2, 12, 8)).astype(np.float32)
    (experiment,) = snippets(COMMANDS["experiment"], "toml")
    (folder / "mine.toml").write_text(experiment, encoding="utf-8")
    np.savez(folder / "embeddings.npz", my_image_array=values[0], text_emb=values[1])
    return folder


def test_the_examples_run_one_after_the_other(own_files, monkeypatch):
    from typer.testing import CliRunner

    monkeypatch.chdir(own_files)
    ran = 0
    for name, body in COMMANDS.items():
        if name in LONG or name not in own_commands():
            continue
        (example,) = snippets(body, "sh")
        done = CliRunner().invoke(cli.app, shlex.split(example)[1:])
        assert done.exit_code == 0, f"{example}{done.output}\n{done.exception!r}"
        ran += 1
    assert ran == len(own_commands()) - len(LONG)
    for made in ("mydata", "imported", "encoded", "myrun"):
        assert (own_files / made).is_dir()
    for made in ("hits.parquet", "probe.parquet", "weights.csv", "myexperiment/results.parquet"):
        assert (own_files / made).is_file()


def test_the_table_of_settings_is_that_of_the_program():
    told = {row[0].strip("`"): row for row in table_rows(sections(text("command-line.md"), 2)["Settings"])}
    config = StudyConfig()
    known = {f.name: (config, f) for f in fields(config) if f.name != "construction"}
    known |= {f.name: (config.construction, f) for f in fields(config.construction)}
    assert set(told) == set(known)
    for name, (owner, field) in known.items():
        value = getattr(owner, name)
        shown = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        assert told[name][1] == f"`{shown}`", name
        for choice in BASES.names if name == "basis" else get_args(type(owner).__annotations__[field.name]):
            if isinstance(choice, str):
                assert f"`{choice}`" in "".join(told[name]), (name, choice)
        assert config.with_settings({name: shown}) == config, "what is told can be typed"


# Formats


FORMATS = sections(text("formats.md"), 2)


def named(body):
    """Everything in code marks."""
    return set(re.findall(r"`([^`]+)`", body))


def test_a_dataset_is_told_as_it_is_written(planted, tmp_path):
    mark = marks.EncoderMark("mine", "ViT-B-32", "0123456789abcdef")
    folder = native.save_pairs(replace(planted.pairs, encoder=mark), tmp_path / "d")
    told = named(FORMATS["A dataset"])
    with safe_open(folder / native.ARRAYS, framework="pt") as stored:
        assert set(stored.keys()) | set(stored.metadata()) <= told
        assert stored.metadata()["format"] in told
    assert f"{native.FORMAT} {native.PACKED_VERSION}" in told
    assert set(native.OURS) <= told
    assert {field.name for field in fields(marks.EncoderMark)} <= told
    assert {choice for choices in marks.CHOICES.values() for choice in choices} <= told
    assert {"image_tokens" + native.LARGEST, "text_tokens" + native.LARGEST} <= told
    rows = {row[0].strip("`") for row in table_rows(sections(text("formats.md"), 3)["Its encoder"])}
    assert rows == {field.name for field in fields(marks.EncoderMark)}


def test_a_run_is_told_as_it_is_written(study, tmp_path):
    folder = save_run(study, tmp_path / "r")
    told = named(FORMATS["A run"])
    assert set(os.listdir(folder)) <= told
    assert runs.FORMAT in told
    assert set(json.loads((folder / runs.RUN).read_text())) <= told
    assert set(json.loads((folder / runs.REPORT).read_text())) <= told
    with safe_open(folder / runs.TENSORS, framework="pt") as stored:
        assert set(stored.keys()) <= told
    parts = {part for name in plain_values.history_tensors(study.construction.history) for part in name.split(".")}
    assert parts - {"image", "text"} <= told
    assert set(pl.read_parquet_schema(folder / runs.TABLE)) <= told
    rows = named(" ".join(row[0] for row in table_rows(FORMATS["A run"])))
    both = {f"{side}_similarity_{end}" for side in ("image", "text") for end in ("low", "high")}
    assert rows | both == set(study.columns.columns)


def test_an_experiment_is_told_as_it_is_written(planted, tmp_path):
    native.save_pairs(planted.pairs, tmp_path / "d")
    toml = 'name = "n"\nsentence = "s"\nseeds = 1\nvariants = ["mean_removal"]\ndatasets = ["d"]\n'
    (tmp_path / "e.toml").write_text(toml)
    grid.run_experiment(read_experiment(tmp_path / "e.toml"), tmp_path / "e")
    told = named(FORMATS["An experiment"])
    assert set(os.listdir(tmp_path / "e")) <= told
    assert grid.FORMAT in told
    assert set(grid.read_about(tmp_path / "e")) <= told
    rows = named(" ".join(row[0] for row in table_rows(FORMATS["An experiment"])))
    assert rows == set(grid.results(tmp_path / "e").columns)


def test_a_list_of_trainings_is_told_as_it_is_read(tmp_path):
    (tmp_path / "mydata").mkdir()
    (told,) = snippets(COMMANDS["train"], "toml")
    (tmp_path / "trainings.toml").write_text(told, encoding="utf-8")
    listed = read_training_list(tmp_path / "trainings.toml")
    assert [one.name for one in listed.comparisons] == ["mydata", "few pairs, cross", "encoder, styles held out"]
    assert all(f"`{name}`" in COMMANDS["train"] for name in LISTED)
    assert named(" ".join(row[0] for row in table_rows(FORMATS["Trainings"]))) == set(TRAINED_SCHEMA)
    assert {*LISTED, *CURVES, TRAINED, LEAD} <= named(FORMATS["Trainings"])


def test_tables_are_told_as_they_are_written(planted):
    hits = hits_frame(planted.pairs, top_candidates(planted.pairs, kind="image", k=1))
    assert named(" ".join(row[0] for row in table_rows(FORMATS["Hits"]))) == set(hits.columns)
    probe = named(" ".join(row[0] for row in table_rows(FORMATS["A style probe"])))
    assert probe == set(SCHEMA)
    assert {ALL, FIXED, PROBE_FORMAT} <= named(FORMATS["A style probe"])
    about = {field.name for field in fields(label_probe(planted.pairs, Basis("given"), n_draws=20))} - {"frame"}
    assert about <= named(FORMATS["A style probe"])
    assert set(ARRAYS) | {"basis"} <= named(FORMATS["Exported columns"])
    entries = {row[0].strip("`") for row in table_rows(FORMATS["A set of columns"])}
    assert entries == set(column_sets.FIELDS)
    assert column_sets.FORMAT in named(FORMATS["A set of columns"])


# Glossary and answers


def test_the_written_glossary_is_the_one_of_the_app():
    assert text("glossary.md") == glossary_page(), "run: python -m pico_app.documents.glossary"


def test_no_term_is_explained_twice():
    terms = [*glossary.TERMS, *glossary.EVERYDAY, *glossary.FORMS]
    assert len({term.casefold() for term in terms}) == len(terms)
    assert len(set(glossary.TERMS.values()) | set(glossary.EVERYDAY.values())) == len(glossary.TERMS) + len(
        glossary.EVERYDAY
    )
    source = (ROOT / "app" / "pico_app" / "words" / "glossary.toml").read_text(encoding="utf-8")
    written = re.findall(r'^"([^"]+)" = "', source, re.M)
    assert len(written) == len(set(written)) == len(terms) - len(BASES), "every term is written once"
    rows = [row[0].strip("*").split(", ")[0] for row in table_rows(text("glossary.md"))]
    assert len(rows) == len(set(rows))


@pytest.mark.parametrize("term", [*glossary.TERMS, *glossary.EVERYDAY])
def test_a_term_is_explained_in_one_short_sentence(term):
    meaning = glossary.definition(term)
    assert len(meaning) <= 110, f"{len(meaning)} letters"
    assert meaning.endswith(".")
    assert not re.search(r"[.?] [A-Z]", meaning.removesuffix("."))
    assert "|" not in meaning


def test_every_other_form_belongs_to_a_term():
    assert set(glossary.FORMS.values()) <= set(glossary.TERMS)


def test_a_term_is_marked_once_whatever_its_form():
    marked = glossary.explain("feature columns, and one feature column, of p̂, p̂ above its null")
    assert re.findall(r">([^<]+)</abbr>", marked) == ["feature columns", "p̂", "p̂ above its null"]
    assert "feature columnsx" in glossary.explain("feature columnsx")


def test_each_of_the_three_questions_is_answered_with_the_words_of_the_glossary():
    page = text("concept.md")
    assert page == with_answers(page), "run: python -m pico_app.documents.glossary"
    assert [answer.slug for answer in answers.ANSWERS] == ["column", "style-prototype", "feedback-weight"]
    for answer in answers.ANSWERS:
        place = page.split(f"<!-- answer: {answer.slug} -->")[1].split(f"<!-- end: {answer.slug} -->")[0]
        place = " ".join(place.split())
        assert answer.question in place
        assert glossary.TERMS[answer.term] in place
        assert answer.text in place
        assert page.index(answer.question) < page.index("<!-- answer: "), "the questions stand before the first answer"


def test_the_questions_are_asked_before_they_are_answered():
    asked = re.findall(r"^\d\. (.+\?)$", text("concept.md"), re.M)
    assert asked == [answer.question for answer in answers.ANSWERS]


@pytest.mark.parametrize("answer", answers.ANSWERS, ids=lambda answer: answer.slug)
def test_an_answer_is_in_plain_words(answer):
    sentences = re.split(r"(?<=[.?:]) ", answer.text)
    assert max(len(sentence.split()) for sentence in sentences) <= 26
    assert not re.search(r"[=^_\\$]|softmax|centroid|exponent|logit|K-means|argmax", answer.text)


def test_the_numbers_of_the_idea_are_those_of_the_engine():
    page = " ".join(text("concept.md").split())
    agreement = 0.75 * 1.0 + 0.25 * 0.0
    assert f"the sign agreement is {agreement:g}" in page
    probability = combine_modalities(torch.tensor([0.5]), torch.tensor([0.2]))
    assert f"With s_v = 0.5 and s_t = 0.2 it is {float(probability):.1f}" in page
    low, high = weights_from(torch.tensor([0.2, 0.6])).tolist()
    assert f"Probabilities of 0.2 and 0.6 at strength 1 give the weights {low:.1f} and {high:.1f}" in page
    generator = torch.Generator()
    small, large = candidate_shares(
        torch.tensor([0.0, 0.05]), config=ConstructionConfig(), generator=generator
    ).tolist()
    assert f"gains 5 per cent gets {large / small:.2f} times the weight" in page
    assert f"feedback weights are {100 * large:.0f} and {100 * small:.0f} per cent" in page
    newest = candidate_shares(torch.zeros(3), config=ConstructionConfig(rule="ema"), generator=generator)[-1]
    assert f"after three steps the newest suggestion has {100 * float(newest):.0f} per cent" in page


def test_there_are_enough_misreadings_and_each_answer_is_short():
    asked = sections(text("questions.md"), 2)
    assert len(asked) >= 15
    for question, answer in asked.items():
        assert question.endswith("?")
        assert 10 <= len(answer.split()) <= 90, question
