from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.evidence.upload.answer import LONGEST_RETRY_AFTER_S, Answer, Meaning, Reply, judge


@pytest.mark.parametrize(
    ("reply", "is_question", "answer"),
    [
        (Reply(200), True, Answer(Meaning.TAKEN)),
        (Reply(201), False, Answer(Meaning.TAKEN)),
        (Reply(404), True, Answer(Meaning.GO_ON, 0)),
        (Reply(404), False, Answer(Meaning.LATER)),
        (Reply(308, "7"), True, Answer(Meaning.GO_ON, 7)),
        (Reply(409, "7"), False, Answer(Meaning.GO_ON, 7)),
        (Reply(308), True, Answer(Meaning.LATER)),
        (Reply(308, "10"), False, Answer(Meaning.LATER)),
        (Reply(422), False, Answer(Meaning.OTHER_CONTENT)),
        (Reply(413), False, Answer(Meaning.NEVER)),
        (Reply(403), True, Answer(Meaning.FORBIDDEN)),
        (Reply(503, retry_after="20"), True, Answer(Meaning.LATER, wait_s=20.0)),
        (Reply(503, retry_after="Fri, 31 Dec 1999 23:59:59 GMT"), True, Answer(Meaning.LATER)),
        (Reply(429, retry_after="999999999"), True, Answer(Meaning.LATER, wait_s=LONGEST_RETRY_AFTER_S)),
        (Reply(301), True, Answer(Meaning.LATER)),
    ],
)
def test_what_answers_mean(reply: Reply, is_question: bool, answer: Answer) -> None:  # noqa: FBT001 - a case
    assert judge(reply, 10, is_question=is_question) == answer


@given(
    st.integers(0, 999),
    st.none() | st.text(max_size=20),
    st.none() | st.text(max_size=20),
    st.integers(1, 100),
    st.booleans(),
)
def test_no_answer_leads_beyond_the_content_or_to_an_endless_wait(
    status: int,
    offset: str | None,
    retry_after: str | None,
    total: int,
    is_question: bool,  # noqa: FBT001 - a case
) -> None:
    answer = judge(Reply(status, offset, retry_after), total, is_question=is_question)
    assert 0 <= answer.offset < total
    assert 0 <= answer.wait_s <= LONGEST_RETRY_AFTER_S
