#!/usr/bin/env bash
# polars 2.1.0 refuses a table of captions when all of its columns are read, and reads the same table with rows
# missing, without an error or a warning, when only the file names are asked for, or only the number of rows.
#
# The table is plain tab-separated text (the media type text/tab-separated-values knows no quotation), one image and
# one caption a line. Two of the five captions begin with a quotation mark that they do not end with, as captions
# that quote a sign often do.
#
#   asked for              polars 2.1.0           pyarrow 26.0.1, pandas 3.1.1 (C parser)    duckdb 2.0.1
#   all columns            ComputeError           3 rows                                      5 rows
#   only the file names    3 rows: 1, 4, 5        3 rows: 1, 4, 5                             5 rows
#   the number of rows     3                      3                                           5
#
# So a pipeline that counts rows or reads image names lazily, and takes the captions from somewhere else, pairs the
# fourth image with the second caption; the check "does the table open at all" depends on the columns chosen. With
# quote_char=None polars reads five rows in all three ways.
#
# Expected output:
#   polars all: ComputeError
#   polars names: ['1.jpg', '4.jpg', '5.jpg']
#   polars count: 3
#   polars names without quotation: ['1.jpg', '2.jpg', '3.jpg', '4.jpg', '5.jpg']
#   pyarrow names: ['1.jpg', '4.jpg', '5.jpg']
#   pandas names: ['1.jpg', '4.jpg', '5.jpg']
#   duckdb names: ['1.jpg', '2.jpg', '3.jpg', '4.jpg', '5.jpg']
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    polars==2.1.0 pyarrow==26.0.1 pandas==3.1.1 duckdb==2.0.1
cd "$folder"
cat >check.py <<'PYTHON'
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.csv as arrow_csv

captions = ["a dog on a lawn", '"stop', "two cats", '"go', "a red bus"]
lines = [f"{caption}\t{number}.jpg" for number, caption in enumerate(captions, 1)]
Path("captions.tsv").write_text("\n".join(["caption\timage", *lines, ""]))

table = pl.scan_csv("captions.tsv", separator="\t")
try:
    print("polars all:", table.collect().height)
except pl.exceptions.ComputeError:
    print("polars all: ComputeError")
print("polars names:", table.select("image").collect()["image"].to_list())
print("polars count:", table.select(pl.len()).collect().item())
unquoted = pl.scan_csv("captions.tsv", separator="\t", quote_char=None)
print("polars names without quotation:", unquoted.select("image").collect()["image"].to_list())
assert unquoted.collect().height == unquoted.select(pl.len()).collect().item() == 5
tabs = arrow_csv.ParseOptions(delimiter="\t")
print("pyarrow names:", arrow_csv.read_csv("captions.tsv", parse_options=tabs)["image"].to_pylist())
print("pandas names:", pd.read_csv("captions.tsv", sep="\t")["image"].to_list())
print("duckdb names:", [row[0] for row in duckdb.sql("select image from 'captions.tsv'").fetchall()])
PYTHON
"$folder/venv/bin/python" -W error check.py | tee seen.txt
diff seen.txt - <<'SEEN'
polars all: ComputeError
polars names: ['1.jpg', '4.jpg', '5.jpg']
polars count: 3
polars names without quotation: ['1.jpg', '2.jpg', '3.jpg', '4.jpg', '5.jpg']
pyarrow names: ['1.jpg', '4.jpg', '5.jpg']
pandas names: ['1.jpg', '4.jpg', '5.jpg']
duckdb names: ['1.jpg', '2.jpg', '3.jpg', '4.jpg', '5.jpg']
SEEN
