"""Aspects of a topic, such as its treatment: how questions name them, and how sentences speak of them."""

import re
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Aspect:
    """An aspect of a topic.

    `hints` are parts of words, of which a question about it has one; they are faster to look for than the patterns.
    `nouns` name it in a question ("treatment of ..."), `verbs` ask for it ("how is ... treated"), and `cue` occurs in
    sentences that speak of it, where they do not use its name.
    """

    name: str
    hints: tuple[str, ...]
    nouns: str
    cue_pattern: str
    verbs: str = ""

    @property
    def cue(self) -> re.Pattern[str]:
        """What sentences that speak of the aspect contain."""
        return _compiled(self.cue_pattern)


@cache
def _compiled(cue: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{cue})", re.IGNORECASE)


def _aspect(name: str, hints: str, nouns: str, cue: str, verbs: str = "") -> Aspect:
    return Aspect(name, tuple(hints.split()), nouns, cue, verbs)


_SIGNS = (
    r"symptom|signs?\b|present|manifest|feature|hallmark|triad|character|complain|suffer|develop|fever|pain|ache|cough"
    r"|rash|fatigue|weak|vomit|nausea|diarrh|weight (?:loss|gain)|swelling|seizure|tremor|itch|bleed|bruis|headache"
    r"|stiff|jaundice|paralys|delay|deformit|confusion|thirst|numb"
)
ASPECTS: tuple[Aspect, ...] = (  # the first that matches decides, so the narrow ones come first
    _aspect(
        "side effects",
        "effect adverse toxic overdos harm danger poison intoxic risk",
        r"side[- ]effects?|adverse (?:effects?|events?|reactions?)|toxicit(?:y|ies)|overdos(?:e|age)|harms?|dangers?"
        r"|poisoning|intoxication|risks(?= of| for|$)|effects?",
        r"side effect|adverse|toxic|overdos|poison|intoxicat|risk|caus|harm|damag|induce|lead to|leads to|danger"
        r"|nausea|rash|common effects|complicat|reaction|develop|limited by|limiting|may produce|occurs? in"
        r"|dysfunction|loss of",
    ),
    _aspect(
        "contraindications",
        "indicat precaution warning",
        r"contra-?indications?|precautions?|warnings?",
        r"contraindicat|avoid|must not|should not|cannot be|not (?:be )?(?:given|used|recommended)|unsafe|dangerous"
        r"|caution|harm|teratogen",
        r"contraindicated",
    ),
    _aspect(
        "mechanism",
        "mechanism action pharmacodyn pathogen pathophys work act",
        r"mechanisms?(?: of actions?)?|modes? of action|pharmacodynamics|pathogenesis|pathophysiology",
        r"inhibit|block|bind|act(?:s|ing)? |activat|prevent|reduc|mechanism|stimulat|mimic|interfer|bring|releas"
        r"|compet|antagoni|agonist|attack|trigger|result|caus|slow|rais|lower",
    ),
    _aspect(
        "diagnosis",
        "diagnos test screen detect work-up workup confirm",
        r"diagnos[ie]s|tests?|testing|screening|detection|work-?up|diagnostic (?:tests?|criteria)",
        r"diagnos|test|detect|confirm|screen|measur|biops|imaging|show|identif|criteri|found (?:by|on)|stain|assay"
        r"|culture",
        r"diagnosed|detected|confirmed|diagnose|detect",
    ),
    _aspect(
        "prevention",
        "prevent prophyl vaccinat avoid",
        r"prevention|prophylaxis|vaccination|prevention and control",
        r"prevent|vaccin|prophyla|protect|avoid|reduces? the risk",
        r"prevented|avoided|prevent|avoid",
    ),
    _aspect(
        "transmission",
        "transmi spread acquire passed caught catch",
        r"transmission|spread|mode of transmission",
        r"transmi|spread|bite|contact|inhal|droplet|airborne|contaminat|carried|carries|saliva|blood|sexual",
        r"transmitted|spread|acquired|passed on|transmit|caught|catch",
    ),
    _aspect(
        "inheritance",
        "inherit heredit passed",
        r"inheritance|heredity|inheritance pattern|mode of inheritance",
        r"inherit|dominant|recessive|X-linked|matern|patern|heredit",
        r"inherited|passed on",
    ),
    _aspect(
        "risk factors",
        "factor predispos",
        r"risk factors?|predisposing factors|predisposition",
        r"risk|predispos|more likely|more common in|associated with|factor|increase",
    ),
    _aspect(
        "causes",
        "cause etiolog aetiol origin trigger acquire",
        r"causes?|aetiology|etiology|origins?|triggers?",
        r"caus|due to|result|mutation|lead|arise|trigger|provok|deficien|follow|precipitat|behind|infection with"
        r"|responsible|origin",
        r"caused|triggered|acquired",
    ),
    _aspect(
        "treatment",
        "treat therap manag medicat cure remed control",
        r"(?:first[- ]line |drug |medical |standard )?(?:treatments?|therap(?:y|ies)|managements?|medications?)"
        r"|cures?|remed(?:y|ies)|(?:treatment|therapeutic) options",
        r"treat|therap|manag|cure|given|drug|dose|antidote|surgery|surgical|relie[fv]|revers|transplant|replace"
        r"|antibiotic|respond|effective|remov|first[- ]line|prescri|help|control|improv|vaccin|rehydrat",
        r"treated|managed|cured|treat|manage|cure|controlled",
    ),
    _aspect(
        "symptoms",
        "symptom sign feature manifest present characteristic finding recogn",
        r"symptoms?|signs?(?: and symptoms)?|(?:clinical )?(?:features?|manifestations?|presentations?)|warning signs"
        r"|characteristics|findings",
        _SIGNS,
        r"recognized|recognised|recognize|recognise",
    ),
    _aspect(
        "prognosis",
        "prognos outcome surviv mortal expectan fatal",
        r"prognosis|outcomes?|survival|mortality|life expectancy|fatality",
        r"surviv|mortal|prognos|death|die|fatal|outcome|life expectancy|lethal|recover|curable|cured",
    ),
    _aspect(
        "complications",
        "complicat consequen sequel",
        r"complications?|consequences?|sequelae",
        r"complicat|lead|caus|result|risk|develop|follow|damage|rupture|failure",
    ),
    _aspect(
        "uses",
        "use indicat usage applic prescribed good",
        r"uses?|indications?|usage|applications?",
        r"(?:is|are|was|were|widely|also|often) used|used (?:for|to|in|as)|treats\b|treatment (?:of|for)|to treat"
        r"|indicat|prescri"
        r"|first[- ]line|first drug|given (?:for|to)|prevents\b|effective (?:in|against|for)|approved|mainstay"
        r"|drug of choice|lowers\b|relieves\b|controls\b",
        r"used(?: for)?|prescribed(?: for)?|good for|indicated(?: for)?",
    ),
    _aspect(
        "function",
        "function role do",
        r"functions?|roles?|physiological roles?",
        r"function|role|encod|is an? (?:\w+ )*(?:factor|suppressor|enzyme|receptor|channel|hormone)|product"
        r"|respond|regulat|control|repair|bind|act(?:s|ing)? |maintain|transport|cataly|convert|mediat|signal"
        r"|promot|protect|produce|inhibit|activat|enabl|help|raise|lower|turn|suppress|stimulat|degrad|cleav|direct",
    ),
    _aspect(
        "interactions",
        "interact",
        r"(?:drug |food )?interactions?",
        r"interact|increase|reduc|raise|lower|avoid|inhibit|induce|together|combin",
    ),
    _aspect(
        "epidemiology",
        "epidemiol inciden prevalen frequen",
        r"epidemiology|incidence|prevalence|frequency",
        r"inciden|prevalen|percent|affect|\d|common|rare|frequen|million",
    ),
)
BY_NAME = {aspect.name: aspect for aspect in ASPECTS}
