"""The station's configuration file, `station.toml`: what a person writes, an unknown key being an error.

Relative paths are relative to the configuration file. One file per group of tables; `config.py` is the whole.
"""

from edge_contracts.station.alerting import Alerting, GradeRule
from edge_contracts.station.belt import (
    AtOnce,
    ChipEncoder,
    EncoderGate,
    GpioEncoder,
    ModbusEncoder,
    SerialEncoder,
    TimeGate,
)
from edge_contracts.station.board import Board, Governor, GovernorStep
from edge_contracts.station.commands import Commands
from edge_contracts.station.config import Station, StationConfig
from edge_contracts.station.delivery import EvidenceSettings, Spool, Tls, Uplink, Upload
from edge_contracts.station.drift import Drift
from edge_contracts.station.health import PictureHealth
from edge_contracts.station.line_trigger import ChipTrigger, GpioTrigger, ModbusTrigger, MqttTrigger, SerialTrigger
from edge_contracts.station.mask import Mask
from edge_contracts.station.microcontroller import Microcontroller
from edge_contracts.station.model import PointModel
from edge_contracts.station.motion import Motion
from edge_contracts.station.output import ChipOutput, GpioOutput, ModbusOutput, MqttOutput, Output, SerialOutput
from edge_contracts.station.part_id import BarcodePartId, CounterPartId, TriggerPartId
from edge_contracts.station.point import Point
from edge_contracts.station.records import Records
from edge_contracts.station.region import Region
from edge_contracts.station.remote import Remote
from edge_contracts.station.settings import Fraction, Milliseconds, PathText, Seconds, Settings
from edge_contracts.station.signal_health import SignalHealth
from edge_contracts.station.signal_source import MicrophoneSource, SerialSource, SoundFilesSource
from edge_contracts.station.source import (
    CameraControls,
    CsiControls,
    CsiSource,
    FolderSource,
    MjpegSource,
    RtspSource,
    Source,
    V4l2Source,
    VideoSource,
)
from edge_contracts.station.terminal import ModbusRtu, ModbusTcp, MqttBroker
from edge_contracts.station.tiles import Tiles
from edge_contracts.station.trigger import FrameTrigger, IntervalTrigger, PresenceTrigger, Trigger
from edge_contracts.station.web import Web

__all__ = [
    "Alerting",
    "AtOnce",
    "BarcodePartId",
    "Board",
    "CameraControls",
    "ChipEncoder",
    "ChipOutput",
    "ChipTrigger",
    "Commands",
    "CounterPartId",
    "CsiControls",
    "CsiSource",
    "Drift",
    "EncoderGate",
    "EvidenceSettings",
    "FolderSource",
    "Fraction",
    "FrameTrigger",
    "Governor",
    "GovernorStep",
    "GpioEncoder",
    "GpioOutput",
    "GpioTrigger",
    "GradeRule",
    "IntervalTrigger",
    "Mask",
    "Microcontroller",
    "MicrophoneSource",
    "Milliseconds",
    "MjpegSource",
    "ModbusEncoder",
    "ModbusOutput",
    "ModbusRtu",
    "ModbusTcp",
    "ModbusTrigger",
    "Motion",
    "MqttBroker",
    "MqttOutput",
    "MqttTrigger",
    "Output",
    "PathText",
    "PictureHealth",
    "Point",
    "PointModel",
    "PresenceTrigger",
    "Records",
    "Region",
    "Remote",
    "RtspSource",
    "Seconds",
    "SerialEncoder",
    "SerialOutput",
    "SerialSource",
    "SerialTrigger",
    "Settings",
    "SignalHealth",
    "SoundFilesSource",
    "Source",
    "Spool",
    "Station",
    "StationConfig",
    "Tiles",
    "TimeGate",
    "Tls",
    "Trigger",
    "TriggerPartId",
    "Uplink",
    "Upload",
    "V4l2Source",
    "VideoSource",
    "Web",
]
