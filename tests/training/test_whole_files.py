"""What the trainer writes is there whole or not at all."""

from tests.system.required import REPOSITORY

IN_PLACE = (".write_text(", ".write_bytes(", ".savez(", "imwrite(")


def test_no_file_is_written_in_place():
    sources = {path: path.read_text("utf-8") for path in (REPOSITORY / "training").rglob("*.py")}
    found = [path.name for path, text in sources.items() if any(call in text for call in IN_PLACE)]
    assert not found, "write with edge_contracts.whole_file"
