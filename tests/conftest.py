"""What every test may ask for: the folder of real data, by name, or a named skip.

`LEPTON_REQUIRE_DATA=1` turns a skip for missing data into a failure; `LEPTON_REQUIRE=all` does so for every skip that
`tests/allowed_skips.txt` does not list with its reason.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.fleet_manager.databases import (  # noqa: F401 - fixtures
    _emptied_database,
    _migrated_file,
    database_url,
    fleet_engine,
    postgres,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[1]
ALLOWED_SKIPS = REPOSITORY / "tests" / "allowed_skips.txt"

# A busy machine is no fault of what is tested: nothing that hypothesis runs is judged by its time.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("few", settings.get_profile("house"), max_examples=10)
settings.load_profile("house")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real models, images and sounds (`LEPTON_DATA`); skips by name where it is absent."""
    folder = Path(os.environ.get("LEPTON_DATA", REPOSITORY.parent / "shared" / "data")).resolve()
    if not folder.is_dir():
        if os.environ.get("LEPTON_REQUIRE_DATA") == "1":
            pytest.fail(f"LEPTON_REQUIRE_DATA=1 and there is no data folder at {folder}")
        pytest.skip(f"needs the real data folder; set LEPTON_DATA (looked at {folder})")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _no_results_of_other_days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Conversions keep their steps in a folder of this test run, never in the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEPTON_CACHE", str(tmp_path_factory.mktemp("steps")))
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: one that begins last has the machine to itself while the other cores wait."""
    live = {one.path for one in items if one.get_closest_marker("live")}
    if strangers := [str(path) for path in sorted(live) if "mark.live" not in path.read_text("utf-8")]:
        raise pytest.UsageError(f"wanted pytest.mark.live in each file that has it, for run_tests.sh: {strangers}")
    slow = {one.path for one in items if one.get_closest_marker("slow")}
    items.sort(key=lambda one: one.path not in slow)


def allowed_skips() -> set[str]:
    """Test ids that may be skipped even where everything is required; each line is `id: reason`."""
    lines = ALLOWED_SKIPS.read_text("utf-8").splitlines()
    return {line.split(": ", 1)[0] for line in lines if line and not line.startswith("#")}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):  # noqa: ARG001 - pytest's signature
    report = yield
    return _refused_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):  # noqa: ARG001 - pytest's signature
    report = yield
    return _refused_skip(report)


def _refused_skip(report):
    expected_failure = getattr(report, "wasxfail", None) is not None
    if report.outcome != "skipped" or expected_failure or os.environ.get("LEPTON_REQUIRE") != "all":
        return report
    if report.nodeid.partition("[")[0] not in allowed_skips():
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"LEPTON_REQUIRE=all and {report.nodeid} was skipped: {reason}"
    return report
