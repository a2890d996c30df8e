"""Siblings: words, letters and numbers that exclude one another, as dominant and recessive, or type 1 and type 2."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bioqa.index.text import greek

DIRECTION = "direction"  # the kind of attribute that verbs such as activate and inhibit are
_VERBS = """
direction: increase decrease | raise lower | elevate reduce | augment diminish | activate inhibit | stimulate suppress
 | induce block | promote impair | enhance attenuate | upregulate downregulate | up-regulate down-regulate
 | cause prevent | trigger abolish | accelerate delay
quality: improve worsen | alleviate aggravate
aperture: open close
caliber: dilate constrict | widen narrow
tension: relax contract
transport: absorb secrete
phosphate: phosphorylate dephosphorylate
methyl: methylate demethylate
acetyl: acetylate deacetylate
polarity: depolarize hyperpolarize
"""
_WORDS = """
direction: higher lower | high low | activation inhibition | stimulation suppression | activator inhibitor
 | activators inhibitors | agonist antagonist | agonists antagonists | upregulation downregulation
 | up-regulation down-regulation | elevation reduction
supply: excess deficiency
plenty: more less
quality: better worse | improvement worsening | favorable unfavorable
aperture: opening closure
caliber: vasodilation vasoconstriction | vasodilator vasoconstrictor | dilation constriction
inheritance: dominant recessive
linkage: autosomal X-linked
zygosity: homozygous heterozygous | homozygotes heterozygotes
gain: gain loss | gains losses
sign: positive negative | Gram-positive Gram-negative
growth: benign malignant
course: acute chronic
order: before after | early late
duration: short-term long-term | short long | shorter longer
sex: men women | male female | males females | boys girls | maternal paternal | mother father | mothers fathers
age: children adults | younger older
side: left right
depth: anterior posterior | ventral dorsal
nearness: proximal distal
flank: medial lateral
place: intracellular extracellular | internal external
laterality: unilateral bilateral | ipsilateral contralateral
route: oral intravenous subcutaneous intramuscular topical
 | orally intravenously subcutaneously intramuscularly topically
phase of the heart: systolic diastolic | systole diastole
air: aerobic anaerobic
kingdom: prokaryotic eukaryotic
autonomy: sympathetic parasympathetic
excitation: excitatory inhibitory
inflammation: pro-inflammatory anti-inflammatory | proinflammatory antiinflammatory
traffic: afferent efferent
water: hydrophilic hydrophobic
solubility: soluble insoluble
saturation: saturated unsaturated
response: sensitive resistant | sensitivity resistance | susceptible resistant
frequency: common rare | frequent infrequent
rank: primary secondary | first-line second-line
immunity: innate adaptive
severity: mild moderate severe
importance: major minor
effect: effective ineffective
possibility: possible impossible
reversal: reversible irreversible
symptoms: symptomatic asymptomatic
norm: normal abnormal
strands: single-stranded double-stranded
clones: monoclonal polyclonal
origin: germline somatic
part of a gene: exon intron | exons introns
nucleic acid: DNA RNA
vessel: artery vein | arteries veins | arterial venous
speed: rapid slow | fast slow | rapidly slowly
strength: strong weak | strongly weakly
size: large small | larger smaller
bound: maximum minimum
limit: above below
presence: present absent | presence absence
membership: endothelial epithelial
reach: central peripheral
compartment: cytoplasmic nuclear mitochondrial
organ: liver kidney heart lung brain pancreas stomach spleen colon prostate breast bladder ovary thyroid skin
 | hepatic renal cardiac pulmonary cerebral pancreatic gastric splenic colonic prostatic mammary vesical ovarian
cell: neutrophils lymphocytes macrophages monocytes eosinophils basophils platelets erythrocytes neurons astrocytes
 microglia fibroblasts hepatocytes keratinocytes
pathogen: virus bacterium fungus parasite | viruses bacteria fungi parasites | viral bacterial fungal parasitic
ion: sodium potassium calcium magnesium chloride zinc iron copper
"""
_HEADED = re.compile(  # "type 2", "vitamin C", "chromosome 7", "factor VIII"
    r"\b(?P<head>types?|class|grade|stage|phase|subtype|complex|factor|exon|intron|chromosome|vitamin|hepatitis"
    r"|h(?:a)?emophilia|influenza|serotype|isoform|polymerase|collagen|cyclin|trisomy|grades|stages)[ -]"
    r"(?P<value>\d{1,2}|[IVX]{1,4}|[A-HKXY])(?P<rest>[a-z]?)(?:\b(?![.,]\d|%|-\w)|(?=[pq]\d))",
    re.IGNORECASE,
)
_GREEK = re.compile(r"(?<![^\W_])(?P<value>alpha|beta|gamma|delta|epsilon|kappa|lambda|[αβγδεκλ])(?![^\W\d_])", re.I)
_SYMBOL = re.compile(r"(?<![\w-])(?P<head>[A-Za-z]{1,6})(?P<dash>-?)(?P<value>\d{1,2})(?P<rest>[A-Za-z]?)(?![\w-])")
_BAND = re.compile(r"(?<![\w])(?P<value>(?:\d{1,2}|X|Y)[pq]\d{1,2}(?:\.\d+)?)(?!\w)")
_NUMBER_WORDS_TEXT = """
one two three four five six seven eight nine ten eleven twelve
"""
_NUMBER_WORDS = _NUMBER_WORDS_TEXT.split()
_NUMBER = re.compile(
    rf"(?<![\w.,/-])(?P<value>\d{{1,3}}(?:,\d{{3}})+|\d+(?:\.\d+)?|(?:{'|'.join(_NUMBER_WORDS)})(?=\s))"
    r"(?P<percent>\s?%|\spercent\b)?(?:[ -](?P<unit>[A-Za-z]+(?:/[A-Za-z]+)?))?(?![\d/])",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"\b(?P<value>hyper|hypo|tachy|brady)(?P<rest>[a-z]{4,})\b", re.IGNORECASE)
_PREFIX_SIBLINGS = {"hyper": "hypo", "hypo": "hyper", "tachy": "brady", "brady": "tachy"}
_NO_PREFIX = re.compile(r"hypothe|hypothal|hypoxi|hyperten|hypophys", re.IGNORECASE)  # words whose opposite is none
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10, "xi": 11}
_SHARED_TEXT = """
organ,cell,pathogen,ion,sex,age,route,compartment,membership,reach,nucleic acid,part of a gene,
Greek letter,type,class,grade,stage,factor,vitamin,hepatitis,influenza,cyclin,subtype,isoform,
complex,serotype,collagen,band
"""
_SHARED = frozenset(_SHARED_TEXT.replace("\n", "").split(","))
_NO_FAMILY = ("COVID", "COV", "HT")  # names whose number tells no siblings apart
_LETTERED = ("vitamin", "hepatitis", "hemophilia", "influenza", "cyclin")  # whose kinds have letters


@dataclass(frozen=True, slots=True)
class Attribute:
    """A part of a text that excludes its siblings.

    Two attributes of one `kind` with different values exclude each other if they say it of the same thing. `of` holds
    the neighbouring words of a Greek letter or number, in lower case, which tell what it is said of. `siblings` are
    what could stand in its place, in the same form.
    """

    start: int
    end: int
    kind: str
    value: str
    siblings: tuple[str, ...] = ()
    of: frozenset[str] = frozenset()

    @property
    def excludes(self) -> bool:
        """Whether what has this value has no other one: a disease may affect men and women, but is not both mild and
        severe in one sentence."""
        return self.kind not in _SHARED and not self.kind.startswith("number of ")


def attributes(text: str) -> list[Attribute]:
    """The attributes in a text, in order; of two that overlap, the longer one."""
    found: list[Attribute] = []
    for search in (_headed, _bands, _symbols, _greek, _numbers, _prefixed, _words):
        for attribute in search(text):
            if all(attribute.end <= other.start or other.end <= attribute.start for other in found):
                found.append(attribute)
    return sorted(found, key=lambda attribute: attribute.start)


def _forms(verb: str) -> tuple[str, str, str, str]:
    stem = verb.removesuffix("e")
    return verb, verb + "s", f"{stem}ed", f"{stem}ing"


def _rows() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The kind and the words of each row of siblings."""
    for table, inflects in ((_WORDS, False), (_VERBS, True)):
        for line in table.replace("\n ", " ").strip().split("\n"):
            kind, rows = line.split(": ")
            for row in rows.split(" | "):
                words = tuple(row.split())
                alike = list(zip(*map(_forms, words), strict=True)) if inflects else [words]
                yield from ((kind, forms) for forms in alike)


def _table() -> dict[str, tuple[str, int, tuple[str, ...]]]:
    table: dict[str, tuple[str, int, tuple[str, ...]]] = {}
    for kind, words in _rows():
        for side, word in enumerate(words):
            table.setdefault(word.lower(), (kind, side, tuple(each for each in words if each != word)))
    return table


_TABLE = _table()


def _cased(word: str, like: str) -> str:
    return word[0].upper() + word[1:] if like[0].isupper() and not like[1:2].isupper() else word


def _words(text: str) -> Iterator[Attribute]:
    for match in _WORD.finditer(text):
        parts = [(match.start(), match[0])]
        if match[0].lower() not in _TABLE:  # "renal-cell", "calcium-dependent"
            parts = [(match.start() + part.start(), part[0]) for part in re.finditer(r"[^-]+", match[0])]
            parts = [part for part in parts if not part[1].endswith("ed")]  # not "irradiation-induced"
        for start, word in parts:
            if row := _TABLE.get(word.lower()):
                kind, side, siblings = row
                cased = tuple(_cased(sibling, word) for sibling in siblings)
                yield Attribute(start, start + len(word), kind, str(side), cased)


def _headed(text: str) -> Iterator[Attribute]:
    for match in _HEADED.finditer(text):
        head, value = match["head"].lower().rstrip("s").replace("haemo", "hemo"), match["value"]
        if not value.isdigit() and value.upper() != value:
            continue
        lettered = head in _LETTERED
        if value.isdigit():
            siblings = tuple(str(n) for n in (1, 2, 3) if str(n) != value) if int(value) < 4 else (str(int(value) - 1),)
            siblings = siblings if head != "chromosome" else (str(int(value) % 22 + 1), str(int(value) % 19 + 4))
        elif value.lower() in _ROMAN and not lettered:
            number = _ROMAN[value.lower()]
            siblings = tuple(n.upper() for n in _ROMAN if n.upper() != value and abs(_ROMAN[n] - number) < 3)
            value = str(number)
        else:
            letters = "ABCDEK" if head == "vitamin" else "XY" if head == "chromosome" else "ABC"
            siblings = tuple(letter for letter in letters if letter != value)
        start, end = match.span("value")
        yield Attribute(start, end, head, value.lower() + match["rest"].lower(), siblings)


def _greek(text: str) -> Iterator[Attribute]:
    for match in _GREEK.finditer(text):
        written = match["value"]
        name = greek.spell_out(written).strip().lower()
        names = ["alpha", "beta", "gamma", "delta"]
        if len(written) == 1:
            names = [*"αβγδ"]
        siblings = tuple(_cased(each, written) for each in names if each != written.lower())
        yield Attribute(match.start(), match.end(), "Greek letter", name, siblings, _neighbours(text, *match.span()))


def _symbols(text: str) -> Iterator[Attribute]:
    for match in _SYMBOL.finditer(text):
        head, number = match["head"], int(match["value"])
        if not any(letter.isupper() for letter in head) or head.upper() in _NO_FAMILY:
            continue
        siblings = tuple(str(n) for n in (number - 1, number + 1, number + 2) if n > 0)
        start, end = match.span("value")
        yield Attribute(start, end, f"number of {head.lower()}", f"{number}{match['rest'].lower()}", siblings)


def _bands(text: str) -> Iterator[Attribute]:
    for match in _BAND.finditer(text):
        yield Attribute(*match.span(), "band", match["value"].lower(), ("15q11", "4p16", "17q21", "9q34", "11p15"))


def _numbers(text: str) -> Iterator[Attribute]:
    for match in _NUMBER.finditer(text):
        written = match["value"].lower()
        start, end = match.span("value")
        if written in _NUMBER_WORDS:
            place = _NUMBER_WORDS.index(written)
            value = str(place + 1)
            names = [_NUMBER_WORDS[other] for other in (place - 1, place + 1, place + 2) if 0 < other < 12]
            siblings = tuple(_cased(name, match["value"]) for name in names)
            siblings = () if written == "one" else siblings  # what follows is singular
        else:
            value = written.replace(",", "")
            siblings = () if written == "1" else _other_numbers(written)
        unit = "%" if match["percent"] else (match["unit"] or "").lower()
        of = frozenset({unit}) if match["percent"] else _neighbours(text, start, end)
        yield Attribute(start, end, "number", f"{float(value):g}", siblings, of)


def _other_numbers(written: str) -> tuple[str, ...]:
    digits = written.replace(",", "")
    whole, point, decimals = digits.partition(".")
    value = int(whole)
    others = [value * 2, value * 3 + 1, value // 2] if value > 3 else [value + 1, value + 2, value * 3 + 2]
    if 1900 < value < 2100 and not point and "," not in written:
        others = [value - 12, value - 7, value - 23]  # years
    return tuple(f"{other:,}" if "," in written else f"{other}{point}{decimals}" for other in others if other != value)


def _prefixed(text: str) -> Iterator[Attribute]:
    for match in _PREFIX.finditer(text):
        if not _NO_PREFIX.match(match[0]):
            prefix = match["value"].lower()
            sibling = _cased(_PREFIX_SIBLINGS[prefix] + match["rest"], match[0])
            yield Attribute(*match.span(), f"prefix of {match['rest'].lower()}", prefix, (sibling,))


def _neighbours(text: str, start: int, end: int) -> frozenset[str]:
    """The words before and after a place, in lower case and singular."""
    before, after = re.search(r"(\w+)[ -]?$", text[:start]), re.match(r"[ -]?(\w+)(?:\W+(\w+))?", text[end:])
    words = [*(before.groups() if before else ()), *(after.groups() if after else ())]
    return frozenset(word.lower().rstrip("s") for word in words if word and not word.isdigit())
