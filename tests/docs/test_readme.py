"""The README's engine snippet runs as it stands, and its numbers of the demos are those that were measured."""

import re
import tomllib
from inspect import signature

from pico_app.commands import app
from pico_core.demo import SCENES, read_record
from pico_core.retrieval.records import Estimate
from tests.places import ROOT

README = ROOT / "README.md"


def test_the_engine_in_ten_lines_runs(capsys):
    snippet = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S).group(1)
    exec(compile(snippet, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "on the feedback split" in printed
    assert "test images" in printed


def test_the_numbers_of_the_scenes_are_those_of_the_record():
    """Every change of rSum and every recall that the README tells of scenes stands in the record beside the demos."""
    text = README.read_text(encoding="utf-8")
    for recipe in read_record(SCENES):
        line = next(line for line in text.splitlines() if line.startswith(f"| {recipe.sentence}"))
        found = recipe.development
        for recall in ((found.plain_i2t, found.plain_t2i), (found.mixed_i2t, found.mixed_t2i)):
            assert " / ".join(f"{estimate.value:.0f}" for estimate in recall) in line
        for report in found.seeds:
            assert interval(report.row("pico").difference) in line
        assert f"{found.style.largest:.2f} / {found.register.largest:.2f}" in line
        if recipe.final is None:
            continue
        guarded = next(line for line in text.splitlines() if line.startswith(f"| scenes, {recipe.demo} encoder"))
        for report in recipe.final.seeds:
            told = f"{interval(report.row('weighted').difference)} (used in {report.accepted} of {len(report.seeds)})"
            assert told in guarded
        every = next(hits for hits in recipe.final.peaks if hits.kind == "all")
        assert f"{every.lift.value:.1f} times [{every.lift.low:.1f}, {every.lift.high:.1f}]" in text.replace("\n", " ")


def interval(change: Estimate) -> str:
    return f"{change.value:+.1f} [{change.low:+.1f}, {change.high:+.1f}]"


def test_the_proxy_of_the_readme_fits_the_server():
    text = README.read_text(encoding="utf-8")
    snippet = re.search(r"```nginx\n(.*?)```", text, re.S).group(1)
    usual = {name: one.default for name, one in signature(app.app).parameters.items()}
    settings = tomllib.loads((README.parent / "streamlit_config.toml").read_text(encoding="utf-8"))["server"]
    assert f"proxy_pass http://{usual['address']}:{usual['port']};" in snippet
    assert f"client_max_body_size {usual['upload_mib']}m;" in snippet
    assert (usual["address"], usual["upload_mib"]) == (settings["address"], settings["maxUploadSize"])
    for header in ("Upgrade $http_upgrade", 'Connection "upgrade"', "Host $http_host"):
        assert f"proxy_set_header {header};" in snippet
