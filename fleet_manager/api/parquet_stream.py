"""Parquet as it is written: a row group per page, given away as soon as it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edge_contracts.errors import MissingExtraError
from fleet_manager.api.outbound_file import OutboundFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

MEDIA_TYPE: Final = "application/vnd.apache.parquet"


def parquet_writer() -> Callable[[Mapping[str, type], Iterable[list[tuple[Any, ...]]]], Iterator[bytes]]:
    """What turns pages of rows into the bytes of a Parquet file.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - 100 MB that only this export needs
        from pyarrow.parquet import ParquetWriter  # noqa: PLC0415
    except ImportError as err:
        raise MissingExtraError(
            "wanted pyarrow to write Parquet, found it missing: pip install 'lepton-edge[parquet]'"
        ) from err
    kinds = {int: pa.int64(), float: pa.float64(), str: pa.string()}

    def write(columns: Mapping[str, type], pages: Iterable[list[tuple[Any, ...]]]) -> Iterator[bytes]:
        schema = pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
        outbound = OutboundFile()
        with ParquetWriter(outbound, schema) as writer:
            for page in pages:
                cells = zip(*page, strict=True)
                arrays = [pa.array(column, field.type) for column, field in zip(cells, schema, strict=True)]
                writer.write_batch(pa.record_batch(arrays, schema=schema))
                yield outbound.take()
        yield outbound.take()

    return write
