"""Languages: PubMed's code, the code of ISO 639-1 and the English name of each.

https://www.nlm.nih.gov/bsd/language_table.html
"""

_TABLE = """
afr af Afrikaans | alb sq Albanian | ara ar Arabic | arm hy Armenian | aze az Azerbaijani | bos bs Bosnian
bul bg Bulgarian | cat ca Catalan | chi zh Chinese | cze cs Czech | dan da Danish | dut nl Dutch | eng en English
est et Estonian | fin fi Finnish | fre fr French | geo ka Georgian | ger de German | gla gd Gaelic | gre el Greek
heb he Hebrew | hin hi Hindi | hrv hr Croatian | hun hu Hungarian | ice is Icelandic | ind id Indonesian
ita it Italian | jpn ja Japanese | kin rw Kinyarwanda | kor ko Korean | lat la Latin | lav lv Latvian
lit lt Lithuanian | mac mk Macedonian | mal ml Malayalam | mao mi Maori | may ms Malay | nor no Norwegian
per fa Persian | pol pl Polish | por pt Portuguese | pus ps Pushto | rum ro Romanian | rus ru Russian
san sa Sanskrit | slo sk Slovak | slv sl Slovenian | spa es Spanish | srp sr Serbian | swe sv Swedish | tha th Thai
tur tr Turkish | ukr uk Ukrainian | urd ur Urdu | vie vi Vietnamese | wel cy Welsh
"""
_LANGUAGES = [
    tuple(language.split()) for line in _TABLE.split("\n") for language in line.split("|") if language.strip()
]
_BY_NAME = {name.casefold(): language for language in _LANGUAGES for name in language}


def pubmed_code(name: str) -> str:
    """PubMed's code of a language, given by a code or its English name; `name` itself if it is unknown."""
    return aliases(name)[0]


def aliases(name: str) -> tuple[str, ...]:
    """All names of a language, PubMed's code first; only `name` if it is unknown."""
    return _BY_NAME.get(name.strip().casefold(), (name.strip(),))
