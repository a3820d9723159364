"""Every benchmark gives the right result and a row for every figure; the table is printed at the end."""

import pytest

from tests.bench.suite import benchmarks, rows_of


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", benchmarks())
def test_benchmark(name, rows):
    found = rows_of(name)
    rows.extend(found)
    assert found
