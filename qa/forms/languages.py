"""Whether a question is written in English."""

import re
import unicodedata

# Function words that are no English words, and that abbreviate nothing common
_STRONG_WORDS = (  # one of them as the first word is enough
    "welche welches welcher welchen wieviel warum wodurch womit wozu weshalb wofür ist sind wird werden quel "
    "quelle quels quelles pourquoi qu'est-ce comment est-ce combien qué cuál cuáles cómo dónde cuándo quién por "
    "para cual cuales donde quale quali perché perche quanto quanti dov'è cos'è cosa qual quais quanto onde "
    "quando welk welke waarom hoeveel waar wanneer wie hoe wo wann "
)

_WEAK_WORDS = (
    "der das und ist nicht ein eine einen einer eines dem den des von zu mit auf für bei wird werden wurde sind "
    "oder im am was wie gegen durch kann le la les un une du et est sont dans par pour avec sur qui que ce cette "
    "au aux el los las una y es son del con por para sin se como il lo gli uno che è sono di della dei delle nel "
    "con per os um uma e é são da das dos na em com het een van zijn wordt worden door voor met bij de op wat "
    "hemmt hemmen verursacht behandelt "
)

_ENGLISH_WORDS = (
    "the of is are was were what which who how why when where does do did can and or in for to with by from has "
    "have an be on at that this it not should "
)

_STRONG, _WEAK, _ENGLISH = (frozenset(words.split()) for words in (_STRONG_WORDS, _WEAK_WORDS, _ENGLISH_WORDS))
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_FOREIGN_LETTERS = 0.25  # share of the letters above which a script that English does not use decides
_BOTH = frozenset({"was", "an", "on", "of"})  # words of English and of another language


def is_english(question: str) -> bool:
    """Whether a question is written in English, by its script and its function words; names of drugs, genes and species
    belong to no language."""
    letters = [letter for letter in question if letter.isalpha()]
    foreign = sum(not unicodedata.name(letter, "").startswith(("LATIN", "GREEK")) for letter in letters)
    if letters and foreign / len(letters) > _FOREIGN_LETTERS:
        return False
    if "¿" in question or "¡" in question:
        return False
    words = [word.lower().replace("’", "'") for word in _WORD.findall(question)]
    if not words or question.isupper():
        return True
    english = sum(word in _ENGLISH - _BOTH for word in words)
    others = sum(word in _WEAK or word in _STRONG for word in words)
    if words[0] in _STRONG and len(words) > 1 and not english:
        return False
    return not (others >= 2 and others > english)
