import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.download import redirects
from bioqa.index.errors import NetworkError

HERE = "https://a.example/pubmed/baseline/"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://b.example/x?token=1", "https://b.example/x?token=1"),
        ("/x/", "https://a.example/x/"),
        ("../x", "https://a.example/pubmed/x"),
        ("//b.example/x#part", "https://b.example/x"),
        ("/a b\xff\x01", "https://a.example/a%20b%FF%01"),
        ("https://[2001:db8::1]:8/", "https://[2001:db8::1]:8/"),
        ("https://under_score.b-c.example./", "https://under_score.b-c.example./"),
    ],
)
def test_what_can_be_followed_is(location: str, target: str) -> None:
    assert redirects.target(HERE, location) == target


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("https://b.example:port/", "is no address"),
        ("https://b.example:99999999/", "is no address"),
        ("https://b.example:-1/", "is no address"),
        ("https://[::1", "is no address"),
        ("https://]/", "is no address"),
        ("https://b.example:0/", "whose host cannot be used"),
        ("https://a..b/", "whose host cannot be used"),
        (f"https://{'a' * 64}.example/", "whose host cannot be used"),
        ("https://.../", "whose host cannot be used"),
        ("https://\x00/", "whose host cannot be used"),
        ("https://\xed\xa0\x80/", "whose host cannot be used"),
        ("https://user:word@b.example/", "whose host cannot be used"),
        ("https://[fe80::1%25eth0]/", "whose host cannot be used"),
        ("http://b.example/", "not https"),
        ("http://127.0.0.1/", "not https"),
        ("http://127.0.0.1@b.example/", "not https"),
        ("file:///etc/passwd", "not https"),
        ("ftp://b.example/", "not https"),
        ("data:text/html,x", "not https"),
        ("javascript:alert(1)", "not https"),
        ("x" * 8001, "an address of 8,001 characters"),
    ],
)
def test_what_cannot_is_said_in_one_short_line(location: str, said: str) -> None:
    with pytest.raises(NetworkError, match=said) as caught:
        redirects.target(HERE, location)
    told = str(caught.value)
    assert told.startswith(f"{HERE}: leads to ")
    assert told.endswith("; not followed")
    assert told.isprintable()
    assert len(told) < 500


def test_this_machine_leads_to_itself_and_to_https() -> None:
    for location in ("http://localhost:8/", "https://b.example/"):
        assert redirects.target("http://127.0.0.1:1/", location) == location


@given(st.text(st.characters(max_codepoint=255)))
def test_whatever_a_server_says_it_is_followed_to_a_safe_place_or_refused(location: str) -> None:
    try:
        target = redirects.target(HERE, location)
    except NetworkError:
        return
    assert redirects.is_safe(target)
    assert redirects.has_host(target)
    assert target.startswith("https://")
    assert target.isprintable()
