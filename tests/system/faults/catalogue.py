"""All faults, in the order of the table."""

from __future__ import annotations

from tests.system.faults.broker_faults import BROKER_FAULTS
from tests.system.faults.clock_faults import CLOCK_FAULTS
from tests.system.faults.disk_faults import DISK_FAULTS
from tests.system.faults.model_faults import MODEL_FAULTS
from tests.system.faults.operator_faults import OPERATOR_FAULTS
from tests.system.faults.picture_faults import PICTURE_FAULTS
from tests.system.faults.source_faults import SOURCE_FAULTS

FAULTS = (
    *(*SOURCE_FAULTS, *PICTURE_FAULTS, *MODEL_FAULTS),
    *(*DISK_FAULTS, *CLOCK_FAULTS, *BROKER_FAULTS, *OPERATOR_FAULTS),
)
