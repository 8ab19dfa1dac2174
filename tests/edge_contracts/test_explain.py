"""A validation error becomes a sentence that a person can act on."""

import pytest
from pydantic import ValidationError

from edge_contracts.explain import explain
from edge_contracts.pattern_words import words_of
from edge_contracts.station import Source, StationConfig
from edge_contracts.station.remote_text import problems_of
from edge_contracts.topics import DeviceAddress

STATION = {"org": "acme", "site": "berlin", "device": "line-3"}
FOLDER = {"kind": "folder", "path": "parts"}
GATE = {"name": "gate", "bundle": "b", "source": FOLDER}

KINDS = " or ".join(repr(kind.model_fields["kind"].annotation.__args__[0]) for kind in Source.__args__[0].__args__)


def refused(document):
    with pytest.raises(ValidationError) as caught:
        StationConfig.model_validate(document)
    return explain(caught.value, StationConfig, document)


def problems(source, **point):
    document = {"station": STATION, "points": [{"name": "gate", "bundle": "b", "source": source} | point]}
    return refused(document)


def test_an_unknown_kind_names_the_kinds_that_there_are():
    assert problems({"kind": "camera"}) == [f"points.0.source.kind: wanted {KINDS}, found 'camera'"]


def test_the_kinds_begin_with_the_simplest():
    assert KINDS.startswith("'folder' or 'video' or 'rtsp'")


def test_a_missing_kind_names_them_too():
    assert problems({"path": "parts"}) == [f"points.0.source.kind: wanted {KINDS}, found none"]


def test_a_misspelt_key_inside_a_kind_is_met_with_the_right_one():
    assert "did you mean 'path'?" in " ".join(problems({"kind": "folder", "pahth": "parts"}))


def test_the_keys_of_another_kind_are_not_offered():
    (unknown,) = problems({"kind": "v4l2", "camera": "/dev/video7", "zoom": 2})
    assert unknown.startswith("points.0.source.zoom: unknown key; known keys are ")
    assert "camera" in unknown
    assert "url" not in unknown


def output(**keys):
    return refused({"station": STATION, "points": [GATE], "outputs": [{"name": "plc"} | keys]})


def uplink(**keys):
    return refused({"station": STATION, "points": [GATE], "uplink": keys})


@pytest.mark.parametrize(
    ("said", "key", "meant"),
    [
        (lambda: problems({"kind": "v4l2", "device": "/dev/video7"}), "points.0.source.device", "camera"),
        (lambda: problems(FOLDER, trigger={"kind": "gpio", "pin": 17}), "points.0.trigger.pin", "line"),
        (
            lambda: problems(FOLDER, trigger={"kind": "interval", "seconds": 5}),
            "points.0.trigger.seconds",
            "interval_s",
        ),
        (lambda: output(kind="gpio", pin=5), "outputs.0.pin", "line"),
        (lambda: uplink(broker="10.0.0.1"), "uplink.broker", "host"),
        (lambda: uplink(host="b", tls={"cacert": "ca.pem"}), "uplink.tls.cacert", "ca"),
    ],
)
def test_an_unknown_key_may_be_the_only_one_that_its_table_lacks(said, key, meant):
    (unknown,) = (one for one in said() if one.startswith(f"{key}: unknown key"))
    assert unknown.startswith(f"{key}: unknown key; did you mean {meant!r}? If not, known keys are ")


@pytest.mark.parametrize(
    "said",
    [
        lambda: problems({"kind": "folder", "fps": 5}),
        lambda: problems({"kind": "v4l2", "device": "seven"}),
        lambda: problems({"kind": "rtsp", "host": "10.0.0.1"}),
        lambda: problems({"kind": "v4l2", "zoom": "/dev/video7", "device": "/dev/video7"}),
        lambda: problems({"kind": "v4l2"}, zoom="/dev/video7"),
        lambda: output(kind="modbus", modbus="10.0.0.1", coil=1),
        lambda: uplink(host="b", tls={"certificate": "c.pem", "verify": False}),
    ],
)
def test_of_what_that_key_does_not_take_the_known_keys_are_told(said):
    unknown = [one for one in said() if "unknown key" in one]
    assert unknown
    assert [one for one in unknown if "unknown key; known keys are " not in one] == []


def test_a_key_that_is_known_one_table_deeper_is_sent_there():
    assert "outputs.0.host: unknown key; it belongs into 'device'" in output(kind="modbus", host="10.0.0.1", coil=1)
    assert problems(FOLDER, x=0.5) == ["points.0.x: unknown key; it belongs into 'region'"]
    v4l2 = {"kind": "v4l2", "camera": "/dev/video0"}
    assert problems(v4l2, fps=5) == ["points.0.fps: unknown key; it belongs into 'source'"]
    assert problems(FOLDER, line=3, trigger={"kind": "gpio"})[1:] == [
        "points.0.line: unknown key; it belongs into 'trigger'"
    ]


@pytest.mark.parametrize(
    ("key", "value"), [("fps", 5), ("width", 640), ("baud", 9600), ("line", 3), ("topic", "a"), ("port", "/dev/ttyS0")]
)
def test_a_key_is_sent_into_no_table_whose_kind_or_value_does_not_fit(key, value):
    (said,) = problems(FOLDER, **{key: value})
    assert said.startswith(f"points.0.{key}: unknown key; known keys are ")


def test_a_key_is_sent_into_no_output_of_another_kind():
    (said,) = refused({"station": STATION, "points": [GATE], "broker": {"host": "b"}})
    assert said.startswith("broker: unknown key; known keys are ")
    assert output(kind="modbus", device={"kind": "rtu", "port": "/dev/ttyS0"}, host="10.0.0.1", coil=1)[0].startswith(
        "outputs.0.host: unknown key; known keys are "
    )


def test_a_key_of_a_remote_configuration_is_sent_into_no_source_of_another_kind():
    text = '[[points]]\nname = "gate"\nbundle = "b"\nsource = {kind = "folder", path = "parts"}\nfps = 5\n'
    (said,) = problems_of(text, DeviceAddress("acme", "berlin", "line-3"))
    assert said.startswith("points.0.fps: unknown key; known keys are ")


@pytest.mark.parametrize(("table", "typed", "meant"), [
    ("source", "paht", "path"), ("source", "pth", "path"), ("source", "wacth", "watch"),
    ("source", "repeate", "repeat"),
    ("point", "treshold", "threshold"), ("point", "thresold", "threshold"), ("point", "bundel", "bundle"),
    ("point", "regoin", "region"), ("point", "triger", "trigger"), ("point", "deadline", "deadline_ms"),
    ("point", "helth", "health"), ("point", "alertings", "alerting"), ("trigger", "intervall_s", "interval_s"),
    ("trigger", "interval", "interval_s"), ("output", "brokr", "broker"), ("output", "brocker", "broker"),
    ("output", "tpoic", "topic"), ("uplink", "prot", "port"), ("uplink", "hots", "host"),
    ("uplink", "usrname", "username"),
    ("uplink", "password", "password_file"), ("uplink", "keepalive", "keepalive_s"), ("station", "devise", "device"),
    ("station", "orgs", "org"),
    ("uplink", "cafile", None), ("uplink", "cert", None), ("uplink", "topic", None), ("station", "state", None),
    ("point", "roi", None), ("point", "timeout_s", None), ("point", "settle_ms", None), ("point", "description", None),
    ("point", "enabled", None), ("source", "width", None), ("output", "pin", None), ("evidence", "folder", None),
])  # fmt: skip
def test_a_key_is_met_with_the_one_that_is_written_alike_and_no_other(table, typed, meant):
    tables = {"source": dict(FOLDER), "trigger": {"kind": "interval"}, "uplink": {}, "station": dict(STATION)}
    tables |= {"output": {"kind": "mqtt", "name": "plc"}, "evidence": {}}
    tables["point"] = GATE | {"source": tables["source"], "trigger": tables["trigger"]}
    tables[table][typed] = True
    file = {key: tables[key] for key in ("station", "uplink", "evidence")}
    said = refused(file | {"points": [tables["point"]], "outputs": [tables["output"]]})
    (unknown,) = (one for one in said if f".{typed}: unknown key" in one)
    assert unknown.endswith(f"did you mean {meant!r}?" if meant else unknown[unknown.index("; known keys are ") :])


@pytest.mark.parametrize(
    ("point", "says"),
    [
        ({"trigger": "presence"}, "trigger: wanted a table of keys, as { kind = 'presence', … }; found 'presence'"),
        ({"mask": "mask.png"}, "mask: wanted a table of keys; found 'mask.png'"),
        ({"region": [0, 0, 1, 1]}, "region: wanted a table of keys; found [0, 0, 1, 1]"),
    ],
)
def test_what_stands_where_a_table_should_is_met_with_the_tables_shape(point, says):
    assert problems({"kind": "folder", "path": "parts"}, **point) == [f"points.0.{says}"]


@pytest.mark.parametrize("source", ["/dev/video0", ["folder"], 0])
def test_where_no_kind_is_named_all_are(source):
    said = f"points.0.source: wanted a table of keys whose kind is {KINDS}; found {source!r}"
    assert problems(source) == [said]


def test_a_table_is_shown_with_the_keys_that_it_must_have():
    uplink = {"host": "broker", "tls": "ca.pem"}
    said = refused({"station": STATION, "points": [GATE], "uplink": uplink})
    assert said == ["uplink.tls: wanted a table of keys, as { ca = … }; found 'ca.pem'"]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("rtsp://me:se@cret@cam/1", "'rtsp://…@cam/1'"),
        ("me:secret@cam/1", "'…@cam/1'"),
        ({"kind": "mjpeg", "url": "rtsp://me:secret@cam/1"}, "'rtsp://…@cam/1'"),
        ({"kind": "rtsp", "url": "rtsp:/me:se'cret@cam/1"}, "'…@cam/1'"),
        ({"kind": "rtsp", "url": ["rtsp://me:secret@cam/1"]}, "['rtsp://…@cam/1']"),
        ([{"url": "rtsps//me:secret@cam/1"}], "[{'url': '…@cam/1'}]"),
        ({"kind": "mjpeg", "url": {"rtsp://me:secret@cam/1": 1}}, "{'rtsp://…@cam/1': 1}"),
        ("cameras@north", "'cameras@north'"),
    ],
)
def test_of_an_address_that_is_out_of_place_no_password_is_shown(source, shown):
    (said,) = problems(source)
    assert said.endswith(f"; found {shown}")


def test_every_error_is_told_at_once():
    said = problems({"kind": "folder", "path": ""}, deadline_ms=-1, treads=2)
    assert len(said) == 3
    assert "points.0.treads: unknown key; did you mean 'threads'?" in said


def test_what_a_check_of_ours_says_stands_alone():
    output = {"kind": "serial", "name": "plc", "port": "/dev/ttyUSB0", "points": ["nix"]}
    said = refused({"station": STATION, "points": [GATE], "outputs": [output]})
    assert said == ["output plc: wanted points among gate, found nix"]


def test_patterns_and_lengths_are_told_in_words():
    said = refused({"station": STATION | {"org": "ACME GmbH"}, "points": []})
    assert said == [
        "station.org: wanted 1 to 32 of a–z, 0–9 and -; found 'ACME GmbH'",
        "points: wanted at least 1 value; found []",
    ]


@pytest.mark.parametrize(
    ("point", "sentence"),
    [
        ({"deadline_ms": -1}, "points.0.deadline_ms: wanted a number above 0; found -1"),
        ({"deadline_ms": "soon"}, "points.0.deadline_ms: wanted a number; found 'soon'"),
        ({"deadline_ms": 1e9}, "points.0.deadline_ms: wanted a number of 600000 or less; found 1000000000.0"),
        ({"threads": 1.5}, "points.0.threads: wanted a whole number; found 1.5"),
        (
            {"region": {"width": 100}},
            "points.0.region.width: wanted a number of 1 or less (share of the picture's width); found 100",
        ),
        (
            {"region": {"y": -4}},
            "points.0.region.y: wanted a number of 0 or more (share of the picture's height); found -4",
        ),
        ({"bundle": 7}, "points.0.bundle: wanted text in quotes; found 7"),
    ],
)
def test_what_has_a_wrong_type_or_size_is_told_in_words(point, sentence):
    assert problems({"kind": "folder", "path": "parts"}, **point) == [sentence]


def test_text_of_a_wrong_length_is_told_in_words():
    assert problems({"kind": "folder", "path": ""}) == ["points.0.source.path: wanted at least 1 character; found ''"]


def test_only_words_of_the_file_lead_to_a_mistake():
    trigger = {"kind": "gpio", "line": True, "debounce_ms": "5"}
    said = problems({"kind": "folder", "path": "parts"}, trigger=trigger, thresholds={"scratch": "0.6"})
    assert {one.partition(": ")[0] for one in said} == {
        "points.0.trigger.line",
        "points.0.trigger.debounce_ms",
        "points.0.thresholds.scratch",
    }


def test_what_may_be_of_several_kinds_is_told_once():
    said = problems({"kind": "folder", "path": "parts"}, trigger={"kind": "gpio", "line": True})
    assert said == ["points.0.trigger.line: wanted a whole number or text in quotes; found True"]


def patterns_in(schema):
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        schema = list(schema.values())
    if isinstance(schema, list):
        for inner in schema:
            yield from patterns_in(inner)


def test_every_pattern_of_a_station_file_has_words():
    patterns = set(patterns_in(StationConfig.model_json_schema()))
    assert patterns
    assert [pattern for pattern in patterns if "that fits" in words_of(pattern)] == []


@pytest.mark.parametrize(("key", "given", "home"), [
    ("alerting", {"defects": 2}, "[[points]]"),
    ("deadline_ms", 100, "[[points]]"),
    ("state_folder", "state", "[station]"),
])  # fmt: skip
def test_a_known_key_at_the_top_is_sent_where_it_belongs(key, given, home):
    said = refused({"station": STATION, "points": [GATE], key: given})
    assert said == [f"{key}: unknown key; it belongs into {home}"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"microcontroller": [{"name": "cell"}]}, "microcontroller: unknown key; did you mean [[microcontrollers]]?"),
        (
            {"microcontrollers": {"name": "cell"}},
            "microcontrollers: wanted a table each in double brackets, [[microcontrollers]], found one in single "
            "brackets",
        ),
    ],
)
def test_a_table_that_is_nearly_named_or_bracketed_is_told_how(given, sentence):
    with pytest.raises(ValidationError) as caught:
        StationConfig.model_validate(given)
    assert sentence in explain(caught.value, StationConfig)
