#!/usr/bin/env bash
# streamlit 1.67.0: the first run of every AppTest reads and parses the metadata of every installed package four times,
# in search of packages that bring custom components, and keeps nothing for the next AppTest. A suite pays for it once
# per AppTest, and the price grows with what else is installed: a test of a one-line script costs more in an
# environment with torch, plotly and umap-learn than in one with streamlit alone, though the script imports none of it.
#
# The filter that is meant to spare reading files is what reads them: asking a distribution for its name, for
# "Summary" twice and for "Requires-Dist" parses its METADATA file anew each time (importlib.metadata keeps no parsed
# metadata). With 127 packages the search took 0.13 s of processor time per AppTest. Later runs of the same AppTest read
# nothing. Keeping the answer of streamlit.components.v2.manifest_scanner.scan_component_manifests removes the search.
#
# Expected output (parsed METADATA files for each installed package, in whole numbers):
#   first run of the first AppTest: 4
#   second run of it: 0
#   first run of another AppTest: 4
#   the same with the answer kept: 0
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check streamlit==1.67.0
cd "$folder"
cat >check.py <<'PYTHON'
import importlib.metadata
import logging
from email.parser import Parser
from functools import cache

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

logging.disable()
names = {distribution.metadata["Name"] for distribution in importlib.metadata.distributions()}
script = "import streamlit as st\nst.write('hello')"
parsed = 0
parse = Parser.parsestr


def counted(*arguments, **named):
    global parsed
    parsed += 1
    return parse(*arguments, **named)


Parser.parsestr = counted


def parses_of(run):
    global parsed
    parsed = 0
    run()
    return parsed // len(names)


app = AppTest.from_string(script)
print("first run of the first AppTest:", parses_of(app.run))
print("second run of it:", parses_of(app.run))
print("first run of another AppTest:", parses_of(AppTest.from_string(script).run))
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
AppTest.from_string(script).run()
print("the same with the answer kept:", parses_of(AppTest.from_string(script).run))
PYTHON
"$folder/venv/bin/python" check.py 2>/dev/null | tee seen.txt
diff seen.txt - <<'SEEN'
first run of the first AppTest: 4
second run of it: 0
first run of another AppTest: 4
the same with the answer kept: 0
SEEN
