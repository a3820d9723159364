"""Run the command line in this process."""

import json
import sys

import pytest

from pico_core import cli


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        assert self.out.count("\n") == 1, "one object, one line"
        return json.loads(self.out)


@pytest.fixture
def pico(monkeypatch, capsys):
    """Run a command in this process."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["pico-lens", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Result(end.value.code or 0, out, err)

    return run
