"""Any message of the station protocol, drawn from the codec's own table."""

from hypothesis import strategies as st

from edge_contracts.serial_link import Frame
from edge_contracts.serial_link.field import Tail, Whole, Word
from edge_contracts.serial_link.layout import LAYOUTS

PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)


def values(field):
    if isinstance(field, Whole):
        return st.sampled_from(list(field.values)) if field.values else st.integers(*field.range)
    if isinstance(field, Word):
        return st.text(PRINTABLE, max_size=field.size)
    assert isinstance(field, Tail)
    if field.kind == "i16[]":
        return st.lists(st.integers(-32768, 32767), max_size=field.most).map(tuple)
    if field.kind == "bytes":
        return st.binary(max_size=field.most)
    return st.text(max_size=field.most).filter(lambda text: len(text.encode()) <= field.most)


def messages(layout):
    return st.builds(layout.message, **{field.name: values(field) for field in layout.fields})


def frames():
    def framed(layout):
        return st.builds(Frame, messages(layout), st.integers(0, 255) if layout.reliable else st.just(0))

    return st.sampled_from(LAYOUTS).flatmap(framed)
