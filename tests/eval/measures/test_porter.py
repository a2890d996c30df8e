from hypothesis import given
from hypothesis import strategies as st

from bioqa.eval.measures.porter import stem

# Words for every rule, each with the stem that ROUGE-1.5.5.pl gives it.
STEMS = """
    caresses:caress ponies:poni ties:ti cats:cat class:class agreed:agre feed:feed plastered:plaster bled:bled
    motoring:motor sing:sing conflated:conflat troubled:troubl sized:size hopping:hop falling:fall hissing:hiss
    failing:fail filing:file happy:happi sky:sky relational:relat conditional:condit valency:valenc
    digitizer:digit conformably:conform radically:radic differently:differ vilely:vile analogously:analog
    vietnamization:vietnam predication:predic operator:oper feudalism:feudal decisiveness:decis hopefulness:hope
    callousness:callous formality:formal sensitivity:sensit sensibility:sensibl biology:biologi
    triplicate:triplic formative:form formalize:formal electricity:electr electrical:electr hopeful:hope
    goodness:good revival:reviv allowance:allow inference:infer airliner:airlin adjustable:adjust
    defensible:defens irritant:irrit replacement:replac adjustment:adjust dependent:depend adoption:adopt
    communism:commun activate:activ angularity:angular homologous:homolog effective:effect probate:probat
    rate:rate cease:ceas controll:control roll:roll agreement:agreem compartmental:compart
    computationally:computat yield:yield yellowing:yellow players:player tnf4s:tnf4 mutations:mutat
    inhibitors:inhibitor phosphorylated:phosphoryl conversion:convers
"""


def test_stems_are_those_of_rouge() -> None:
    expected = dict(pair.split(":") for pair in STEMS.split())
    assert {word: stem(word) for word in expected} == expected


@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789", max_size=20))
def test_any_word_keeps_its_beginning_and_never_grows(word: str) -> None:
    found = stem(word)
    assert len(found) <= len(word)
    assert found[:1] == word[:1]
    assert found == word or len(word) >= 3
