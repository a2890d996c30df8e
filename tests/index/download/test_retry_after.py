from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.download import retry_after


@pytest.mark.parametrize("asks", ["-5", "soon", "", "Wed, 99 Jan 2026", "Wed, 21 Oct 2015 07:28:00 GMT", "²"])
def test_a_pause_that_makes_no_sense_is_not(asks: str) -> None:
    assert retry_after.seconds(asks) == 0.0


@pytest.mark.parametrize(
    "asks",
    [
        "Wed, 21 Oct 99999 07:28:00 GMT",
        "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
        "Wed, 21 Oct 2099 99:99:99 GMT",
        "Wed, 21 Oct 2099 07:28:00 +9999999999999",
        "Wed, 21 Oct 2015 07:28:00",
        "x" * 100_000,
        "0 0 0 0 0",
        ",",
        "Wed,",
        "--- 0000",
    ],
)
def test_a_date_that_cannot_be_is_no_failure(asks: str) -> None:
    assert retry_after.seconds(asks) == 0.0


@pytest.mark.parametrize("asks", ["9" * 400, "9" * 100_000, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_what_is_asked_for_without_measure_is_a_long_time(asks: str) -> None:
    assert retry_after.seconds(asks) == 1e9


@pytest.mark.parametrize("zone", [UTC, None])
def test_a_date_is_the_time_until_then_in_utc_where_it_has_no_zone(zone: object) -> None:
    then = (datetime.now(UTC) + timedelta(seconds=100)).replace(tzinfo=zone)  # type: ignore[arg-type]
    assert 90 < retry_after.seconds(format_datetime(then)) < 101


@given(st.text() | st.text("0123456789:,+- JanGMT"))
def test_whatever_is_asked_it_is_a_number_of_seconds(asks: str) -> None:
    assert 0 <= retry_after.seconds(asks) <= 1e9
