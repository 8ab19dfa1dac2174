from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edge_runtime.clock import MonotonicClock
from edge_runtime.infer.isolated.nursery import Nursery
from edge_runtime.infer.isolated.process_backend import IsolatedBackend
from edge_runtime.model_loading import ModelLoader
from tests.fakes.models import write_brightness_bundle
from tests.fakes.parts import point
from tests.fakes.pictures import picture

if TYPE_CHECKING:
    from pathlib import Path


def test_a_model_of_the_page_stands_back_behind_those_of_the_line(tmp_path: Path) -> None:
    write_brightness_bundle(tmp_path / "part.bundle")
    nursery = Nursery()
    load = ModelLoader(nursery, MonotonicClock(), hang_s=10)
    found = []
    try:
        for loader in (load, load.giving_way(7)):
            predictor = loader(point(bundle=str(tmp_path / "part.bundle")))
            assert isinstance(predictor.backend, IsolatedBackend)
            assert predictor.predict(picture()).values.size == 1
            life = predictor.backend._processes.present
            assert life is not None
            found.append(os.getpriority(os.PRIO_PROCESS, life.worker.pid))
            predictor.close()
    finally:
        nursery.close()
    assert found == [os.getpriority(os.PRIO_PROCESS, 0), min(os.getpriority(os.PRIO_PROCESS, 0) + 7, 19)]
