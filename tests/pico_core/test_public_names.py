"""`import pico_core` is cheap, and every public name is the one of its module."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import pico_core

LIGHT = "import pico_core, sys; print(*sorted({'torch', 'polars', 'numpy', 'sklearn', 'scipy'} & set(sys.modules)))"


def test_importing_the_package_loads_no_library():
    loaded = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == ""


def test_every_public_name_is_imported_from_the_module_that_type_checkers_see():
    tree = ast.parse(Path(pico_core.__file__).read_text())
    checked = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.startswith("pico_core.")
        for alias in node.names
    }
    assert sorted(checked) == sorted(pico_core.__all__) == sorted(pico_core._MODULES)
    for name, module in checked.items():
        assert f"pico_core.{pico_core._MODULES[name]}" == module
        assert getattr(pico_core, name) is getattr(import_module(module), name)
        assert name in dir(pico_core)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'encode'"):
        _ = pico_core.encode
    with pytest.raises(ImportError, match="cannot import name"):
        from pico_core import encode  # noqa: F401
