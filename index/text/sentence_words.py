"""Words that tell whether a full stop ends a sentence: abbreviations, names and words that begin sentences."""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MID_SENTENCE = _words(  # abbreviations that something follows
    """cf vs ca approx resp viz Dr Drs Prof Mr Mrs Ms St Mt Fig Figs fig figs Eq Eqs Ref Refs Tab Suppl var subsp ssp
    cv pv bv aff Vol vol pp Natl Acad Univ Dept Proc incl excl"""
)
OFTEN_LAST = _words("etc al sp spp nov Inc Ltd Co Corp Jr Sr Med Sci")  # ... but a sentence can end with
BEFORE_NUMBERS = _words(  # abbreviations only before a number
    "No Nos no nos p Ch ch chap Sec Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec max min est"
)
GENERA = _words(  # short forms of genera: Staph. Aureus in a title
    """Staph Strep Str Salm Klebs Kl Ps Pseud Mycobact Myc Clost Cl Bact Ent Lact Lb Leg List Haem Ser Prot Past Neiss
    Plasm Pl Tryp Leish Asp Cand Crypt Anoph An Ae Cx Camp Myco"""
)
FUNCTION_WORDS = _words(
    """a an the of by with from to in on at for and or as against between among than versus vs like via into per both
    including namely is are was were that which"""
)
NAMED_BY_LETTERS = _words(  # what has a letter behind it: vitamin D, protein kinase A
    """vitamin hepatitis influenza type group protein kinase factor class grade stage phase arm cohort part panel case
    category level series model form subtype subunit chain region domain site zone segment serotype antigen
    haemoglobin hemoglobin immunoglobulin apolipoprotein cyclosporin cyclosporine cytochrome coenzyme amphotericin
    toxin enterotoxin lectin concanavalin substance complex cathepsin granzyme annexin lamin cyclin plan regimen
    treatment period experiment study protocol scheme sample patient subject family appendix table figure schedule
    polymyxin mitomycin bleomycin receptor peptide gene allele lineage clade variant virus"""
)
OPENERS = _words(  # words that begin sentences and are no names
    """The This These Those That There Their They We Our It Its In On At For From By With As An However Moreover
    Furthermore Therefore Thus Hence Although While When Where Whereas After Before During Since If Both All Each None
    One Two Three Four Five Six Results Result Conclusion Conclusions Methods Background Objective Objectives Here
    Further Additionally Also Finally Similarly Conversely Compared Using To Because Among Between Most Some Such
    Several Other Overall Mean Data Findings Interestingly Importantly Subsequently Recently What Which How Only
    Despite Based Given Under Within Without Upon Through Taken Together Then But Nevertheless Patients Treatment
    Analysis No Of Our He She Thirty Twenty"""
)
_EPITHETS = _words(  # of species and serovars, in lower case
    """typhimurium enteritidis typhi paratyphi dublin heidelberg newport infantis choleraesuis virchow hadar agona
    montevideo javiana braenderup kentucky gallinarum pullorum derby anatum coli aureus epidermidis pneumoniae pyogenes
    agalactiae faecalis faecium difficile perfringens botulinum tetani albicans glabrata tropicalis krusei parapsilosis
    fumigatus flavus niger nidulans neoformans gattii falciparum vivax malariae ovale knowlesi berghei yoelii gondii
    cruzi brucei donovani infantum braziliensis tuberculosis bovis avium leprae smegmatis marinum influenzae
    meningitidis gonorrhoeae catarrhalis pylori jejuni aeruginosa fluorescens putida cepacia maltophilia baumannii
    monocytogenes anthracis cereus subtilis thuringiensis cholerae parahaemolyticus vulnificus pestis enterocolitica
    burgdorferi pallidum trachomatis psittaci genitalium hominis mansoni haematobium japonicum stercoralis elegans
    melanogaster cerevisiae pombe thaliana sapiens musculus norvegicus rerio laevis aegypti albopictus gambiae acnes
    mutans sanguinis fragilis nucleatum gingivalis henselae burnetii pertussis flexneri sonnei dysenteriae"""
)
_LATIN = re.compile(r"[A-Za-z]{2,}(?:ensis|arum|orum|oides|iae|ii|icum|atum|osum|formis|aticus)")


def is_epithet(word: str) -> bool:
    """Whether a word is the second part of the name of a species or serovar."""
    return word.lower() in _EPITHETS or _LATIN.fullmatch(word) is not None
