"""A real Modbus device (pymodbus's own server) in a thread, which can be slowed, stopped and started again."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

if TYPE_CHECKING:
    from collections.abc import Coroutine

PATIENCE_S = 10.0
READ = {"coil": 1, "discrete-input": 2, "holding": 3, "input": 4}
WRITE = {"coil": 15, "holding": 16}


class ModbusServer:
    """Coils, inputs and registers 0 to 99 of unit 1, all zero.

    Args:
        port: TCP port, or the path of a serial port for RTU.
    """

    def __init__(self, port: int | str) -> None:
        self.port = port
        self.written: list[tuple[int, int, list[int]]] = []
        self.delay_s = 0.0
        self._loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread | None = None
        self._server: Any = None

    def start(self) -> ModbusServer:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="modbus-server", daemon=True)
        self._thread.start()
        self._run(self._serve())
        return self

    def stop(self) -> None:
        if self._thread is None:
            return
        self._run(self._server.shutdown())
        self._run(self._rest())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()
        self._thread = None

    def get(self, table: str, address: int, count: int = 1) -> list[int]:
        return self._run(self._server.async_getValues(1, READ[table], address, count))

    def set(self, table: str, address: int, *values: int) -> None:
        """Set inputs, too, which no client can."""
        code = WRITE.get(table, READ[table])
        self._run(self._server.context.async_setValues(1, code, address, list(values)))

    def __enter__(self) -> ModbusServer:  # noqa: PYI034 - Self is not in Python 3.10
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _serve(self) -> None:
        tables = (self._bits(), self._bits(), self._words(), self._words())
        device = SimDevice(1, simdata=tables, action=self._act)
        if isinstance(self.port, int):
            self._server = ModbusTcpServer(device, address=("127.0.0.1", self.port))
        else:
            self._server = ModbusSerialServer(device, port=self.port, baudrate=19200)
        await self._server.serve_forever(background=True)

    async def _act(self, code: int, start: int, address: int, count: int, current: list[int], values: Any) -> None:
        del start, count, current
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if values is not None:
            self.written.append((code, address, [int(value) for value in values]))

    @staticmethod
    async def _rest() -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    @staticmethod
    def _bits() -> list[SimData]:
        return [SimData(0, values=[False] * 112, datatype=DataType.BITS)]

    @staticmethod
    def _words() -> list[SimData]:
        return [SimData(0, count=100, values=0, datatype=DataType.REGISTERS)]

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE_S)
