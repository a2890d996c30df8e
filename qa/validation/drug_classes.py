"""Drug classes: the ones that a question names, and the nonproprietary names of their members.

The stems are those of the International Nonproprietary Names (WHO, Stem Book).
"""

import re
from functools import cache

_CLASSES: tuple[tuple[str, str], ...] = (  # names of a class in the singular, and its members
    (r"beta[- ]?(?:adrenergic )?blocker|beta[- ]adrenoceptor antagonist", r"\w+(?:olol|alol)|carvedilol"),
    (r"alpha[- ]?(?:1 )?blocker", r"\w+(?:zosin|sulosin)|silodosin|phentolamine|phenoxybenzamine|labetalol|carvedilol"),
    (r"ace[- ]inhibitor|angiotensin[- ]converting[- ]enzyme inhibitor", r"\w+pril(?:at)?"),
    (r"angiotensin(?: ii)?(?: type 1)? receptor (?:blocker|antagonist)|sartan", r"\w+sartan"),
    (r"calcium[- ](?:channel )?(?:blocker|antagonist)", r"\w+dipine|verapamil|diltiazem"),
    (r"statin|hmg-coa reductase inhibitor", r"\w+vastatin"),
    (r"proton[- ]pump inhibitor|ppi", r"\w+prazole"),
    (r"h2[- ](?:receptor )?(?:blocker|antagonist)", r"\w+tidine"),
    (r"thiazide(?:[- ]like)?(?: diuretic)?", r"\w*thiazide|chlort?h?alidone|indapamide|metolazone"),
    (r"loop diuretic", r"furosemide|frusemide|bumetanide|torasemide|torsemide|etacrynic acid|ethacrynic acid"),
    (r"sulfonylurea|sulphonylurea", r"gli\w+|gly\w+ide|tolbutamide|chlorpropamide"),
    (r"sglt2 inhibitor|gliflozin", r"\w+gliflozin"),
    (r"dpp-?4 inhibitor|gliptin", r"\w+gliptin"),
    (r"glp-?1 (?:receptor )?(?:agonist|analogue)", r"\w+glutide|exenatide|lixisenatide|tirzepatide"),
    (r"glitazone|thiazolidinedione", r"\w+glitazone"),
    (r"bisphosphonate", r"\w+dron(?:ate|ic acid)"),
    (r"benzodiazepine", r"\w+(?:azepam|azolam)|chlordiazepoxide|clobazam|\w*clorazepate"),
    (r"barbiturate", r"\w+barb(?:ital|itone)|thiopental"),
    (r"triptan", r"\w+triptan"),
    (r"ssri|selective serotonin re-?uptake inhibitor", r"fluoxetine|paroxetine|sertraline|\w*citalopram|fluvoxamine"),
    (r"tricyclic(?: antidepressant)?", r"\w+(?:triptyline|ipramine)|doxepin|amoxapine"),
    (r"penicillin", r"\w*(?:cillin|cillin [gv])"),
    (r"cephalosporin", r"(?:cef|ceph)\w+"),
    (r"carbapenem", r"\w+penem"),
    (r"fluoroquinolone|quinolone", r"\w+oxacin|nalidixic acid"),
    (r"macrolide", r"\w+thromycin|telithromycin"),
    (r"aminoglycoside", r"gentamicin|\w*amikacin|tobramycin|streptomycin|neomycin|kanamycin|netilmicin|plazomicin"),
    (r"tetracycline", r"\w*cycline"),
    (r"azole(?: antifungal)?", r"\w+(?:conazole|trimazole)"),
    (r"monoclonal antibody|monoclonal antibodies", r"\w+mab(?:[- ]\w+)?|\w+tuzumab \w+"),
    (r"(?:tyrosine )?kinase inhibitor|(?:egfr|braf|alk|jak|btk|mek|met) inhibitor", r"\w+(?:inib|tinib|metinib)"),
    (r"parp inhibitor", r"\w+parib"),
    (r"cdk4(?:/6| and cdk6|/cdk6)? inhibitor", r"\w+ciclib"),
    (r"proteasome inhibitor", r"\w+zomib"),
    (r"m-?tor inhibitor", r"\w*rolimus|rapamycin"),
    (r"calcineurin inhibitor", r"cyclosporin[ea]?|ciclosporin|tacrolimus|pimecrolimus|voclosporin"),
    (r"(?:pde-?5|phosphodiesterase(?: type)? 5) inhibitor", r"\w+afil"),
    (r"5[- ]alpha[- ]reductase inhibitor", r"\w+steride"),
    (r"aromatase inhibitor", r"\w+strozole|letrozole|exemestane"),
    (r"taxane", r"\w+taxel"),
    (r"vinca alkaloid", r"vin\w+ine|vinflunine"),
    (r"anthracycline", r"\w+rubicin"),
    (r"local an(?:a)?esthetic", r"\w+ca(?:ine|in)"),
    (r"5-?ht3 (?:receptor )?antagonist|setron", r"\w+setron"),
    (r"protease inhibitor", r"\w+(?:navir|previr)|nirmatrelvir"),
    (r"integrase inhibitor", r"\w+tegravir"),
    (r"neuraminidase inhibitor", r"\w+amivir"),
    (r"low[- ]molecular[- ]weight heparin", r"\w+parin"),
)

_ASKS = (
    r"^(?:(?:please )?(?:name|list|give|mention|enumerate)(?: me)?|(?:which|what)(?: (?:is|are))?|examples? of)"
    r" (?:(?:the|some|an?|two|three|four|five|any|example|examples? of|first|oral|common|drugs? (?:is|are)) )*"
)
_NAMES = "|".join(f"(?P<class{place}>{names})" for place, (names, _) in enumerate(_CLASSES))


def class_asked_for(question: str) -> re.Pattern[str] | None:
    """The names of the drugs in the class that is asked for, as in "which beta blockers are selective?"."""
    found = _asking().search(question)
    return _members(found.lastgroup) if found and found.lastgroup else None


def members_asked_for(question: str) -> re.Pattern[str] | None:
    """The names of the members of a class, where the question asks for these and nothing else."""
    found = _asking_for_members().search(question)
    return _members(found.lastgroup) if found and found.lastgroup else None


@cache
def _asking() -> re.Pattern[str]:
    return re.compile(rf"{_ASKS}(?:[\w/-]+ ){{0,2}}?(?:{_NAMES})s?\b", re.IGNORECASE)


@cache
def _asking_for_members() -> re.Pattern[str]:
    return re.compile(rf"{_ASKS}(?:{_NAMES})s?\W*$", re.IGNORECASE)


@cache
def _members(group: str) -> re.Pattern[str]:
    _, member = _CLASSES[int(group.removeprefix("class"))]
    return re.compile(rf"\b(?:{member})s?\b", re.IGNORECASE)
