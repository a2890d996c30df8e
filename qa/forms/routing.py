"""What the form of a question demands of its answer, enforced on a response."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from bioqa.qa import summary
from bioqa.qa.answers import Answer
from bioqa.qa.config import DEFAULTS, AskConfig
from bioqa.qa.forms import definitions, long_forms, negations
from bioqa.qa.forms.declined import silenced
from bioqa.qa.forms.form import Form, QuestionForm, asks_for_thing
from bioqa.qa.forms.statements import coverage, led_by, statements, term_list, with_title
from bioqa.qa.question_terms import QuestionTerms
from bioqa.qa.question_types import QuestionType
from bioqa.qa.response import Response
from bioqa.qa.summary import Sentence

_BY_SPANS = (QuestionType.FACTOID, QuestionType.LIST)
_COVERS = 0.85  # share of the topic that a sentence with its title must hold, and of keywords its passage
_LEAST_OWN = 0.3  # the least that a sentence must cover of keywords itself
_COVERS_NEGATED = 0.6  # share of a negated question that a sentence must hold: it often uses other words
_WELL_SAID = 1.5  # worth of a sentence whose words speak of topic and aspect
_OF_RELEVANCE = 0.3  # share of the usual relevance that passages need where no sentence is worth that much
_OF_THRESHOLD = 0.5  # share of the usual confidence that an answer needs whose sentence is negated as the question is
_OWN_WORDS = 0.6  # weight of the words of a sentence itself; the rest is that of its title


def type_of(form: QuestionForm) -> QuestionType | None:
    """The type that a form demands; None where the wording decides."""
    if form.form is Form.KEYWORDS:
        return None if asks_for_thing(form.topic) else QuestionType.SUMMARY
    if form.form is Form.ASPECT:
        return QuestionType.SUMMARY if form.keywords else None
    return {
        Form.DEFINITION: QuestionType.SUMMARY,
        Form.COMPARISON: QuestionType.SUMMARY,
        Form.CHOICE: QuestionType.FACTOID,
        Form.ABBREVIATION: QuestionType.FACTOID,
    }.get(form.form)


def fits(form: QuestionForm, given: QuestionType) -> bool:
    """Whether a form can be answered as the type that the caller wants."""
    wanted = type_of(form)
    if form.form is Form.ASPECT and given is QuestionType.FACTOID:
        return False  # a single answer need not name the aspect
    return wanted is given or (wanted is None and given in _BY_SPANS)


def enforce(form: QuestionForm, question: str, terms: QuestionTerms, response: Response, config: AskConfig) -> Response:
    """The response, changed to what the form of the question demands, or without an answer."""
    rule = _RULES.get(form.form)
    if rule is None:
        return response
    if config.min_confidence is None:
        return rule(form, question, terms, response, config)
    if form.form is Form.ASPECT and response.type in _BY_SPANS:
        return response  # the caller decides which answers are good enough
    return _sure(rule(form, question, terms, response, config), config.min_confidence)


def _sure(response: Response, least: float) -> Response:
    """The response without answers below the confidence that the caller demands."""
    if response.type is QuestionType.SUMMARY:
        return response if response.relevance >= least else silenced(response)
    answers = tuple(answer for answer in response.answers if answer.confidence >= least)
    return replace(response, answers=answers) if answers or response.abstained else silenced(response)


def _definition(
    form: QuestionForm, _question: str, terms: QuestionTerms, response: Response, config: AskConfig
) -> Response:
    ranked = definitions.best_statements(form.topic, response.hits, terms)
    symbol = form.topic.isupper() or any(letter.isdigit() for letter in form.topic)
    specific = form.keywords or len(form.topic.split()) > 1  # a single word is mentioned by many passages
    mentioned = specific and response.relevance >= response.threshold
    if not ranked or (ranked[0][0] < definitions.ABOUT and not mentioned):
        return silenced(response, f"No passage in this index is about {form.topic}.")
    first = ranked[0][1]
    names = [sentence for level, sentence in ranked if level == definitions.NAMES]
    lead = [first, *names[:1]] if symbol and ranked[0][0] != definitions.NAMES and names else [first]
    about = [sentence for level, sentence in ranked if level >= definitions.ABOUT]
    return _summary(response, led_by(lead, _known(response, about) or about[:4], config.ideal_words))


def _aspect(form: QuestionForm, question: str, terms: QuestionTerms, response: Response, config: AskConfig) -> Response:
    if response.type in _BY_SPANS:
        speaking = _speaking(form, terms, response)
        allowed = {sentence.text for _, sentence in speaking}
        kept = tuple(
            replace(answer, evidence=tuple(item for item in answer.evidence if item.sentence in allowed))
            for answer in response.answers
            if any(item.sentence in allowed for item in answer.evidence)
        )
        if kept:
            return replace(response, answers=kept)
    return aspect_in_sentences(form, terms, response, config)


def aspect_in_sentences(
    form: QuestionForm, terms: QuestionTerms, response: Response, config: AskConfig = DEFAULTS
) -> Response:
    """The response as the sentences that speak of the aspect of the topic, or without an answer."""
    speaking = _speaking(form, terms, response)
    if not speaking or (response.relevance < _OF_RELEVANCE * response.threshold and speaking[0][0] < _WELL_SAID):
        name = form.aspect.name if form.aspect else "that"
        return silenced(response, f"No sentence in the passages found speaks of {name} of {form.topic}.")
    best = [sentence for _, sentence in speaking]
    return _summary(response, led_by(best[:1], _known(response, best[1:]) or best[1:4], config.ideal_words))


def _speaking(form: QuestionForm, terms: QuestionTerms, response: Response) -> list[tuple[float, Sentence]]:
    """The sentences that speak of the aspect and, by themselves or under their title, of the topic; best first."""
    topic = term_list(form.topic)
    relevances = {sentence.text: sentence.relevance for sentence in response.sentences}
    found = []
    for sentence in statements(response.hits):
        if form.aspect is None:
            continue
        cues = len({cue.lower() for cue in form.aspect.cue.findall(sentence.text)})
        by_name = bool(re.search(rf"\b(?:{form.aspect.nouns})\b", sentence.text, re.IGNORECASE))
        near = with_title(sentence) if not by_name else f"{with_title(sentence)} {sentence.passage.text}"
        if (cues or by_name) and coverage(near, topic, terms) >= _COVERS:
            titled = coverage(sentence.passage.document.title, topic, terms)
            here = coverage(sentence.text, topic, terms)
            worth = min(cues, 3) * 0.25 + 0.6 * by_name + 0.5 * here + 0.4 * titled
            found.append((worth + 1.5 * relevances.get(sentence.text, 0.0) + 0.3 * sentence.relevance, sentence))
    return sorted(found, key=lambda pair: -pair[0])


def _keywords(
    form: QuestionForm, question: str, terms: QuestionTerms, response: Response, config: AskConfig
) -> Response:
    if response.type is not QuestionType.SUMMARY:
        return response
    wanted = list(terms.weights)
    relevances = {sentence.text: sentence.relevance for sentence in response.sentences}
    scored = []
    for sentence in statements(response.hits):
        whole = coverage(f"{with_title(sentence)} {sentence.passage.text}", wanted, terms)
        own = coverage(sentence.text, wanted, terms)
        titled = coverage(with_title(sentence), wanted, terms)
        worth = _OWN_WORDS * own + (1 - _OWN_WORDS) * titled + 0.5 * relevances.get(sentence.text, 0.0)
        scored.append((whole if own >= _LEAST_OWN else 0.0, worth, sentence))
    best = sorted((row for row in scored if row[0] >= _COVERS), key=lambda row: -row[1])
    if not best:
        return silenced(response, "") if response.relevance < response.threshold or not scored else response
    sentences = [sentence for _, _, sentence in best]
    return _summary(response, led_by(sentences[:1], _known(response, sentences[1:]), config.ideal_words))


def _choice(form: QuestionForm, question: str, terms: QuestionTerms, response: Response, config: AskConfig) -> Response:
    from bioqa.qa.forms import choices  # patterns that most questions do not need

    names = " or ".join(form.options)
    answers: list[Answer] = []
    if form.comparative:
        answers, comparing = choices.compared(form, question, terms, response.hits)
        if not answers and comparing:
            return _summary(response, led_by(comparing[:1], comparing[1:3], config.ideal_words))
        if not answers:
            return silenced(response, f"No sentence in the passages found compares {' with '.join(form.options)}.")
    else:
        answers = choices.decide(form, question, terms, response.hits, response.readings)
    if not answers:
        return silenced(response, f"No sentence in the passages found decides between {names}.")
    return answered(response, answers)


def _comparison(
    form: QuestionForm, _question: str, terms: QuestionTerms, response: Response, config: AskConfig
) -> Response:
    from bioqa.qa.forms import choices

    one, two = choices.options_of(form.options)
    shared = [term for term in term_list(form.options[0]) if term in term_list(form.options[1])]
    of_one, of_two, of_both = [], [], []
    for sentence in statements(response.hits):
        if coverage(f"{with_title(sentence)} {sentence.passage.text}", shared, terms) < _COVERS:
            continue
        here = [bool(option.pattern.search(f"x {sentence.text}")) for option in (one, two)]
        titled = [bool(option.pattern.search(f"x {sentence.passage.document.title}")) for option in (one, two)]
        relevance = next((each.relevance for each in response.sentences if each.text == sentence.text), 0.0)
        row = (relevance + 0.5 * sentence.relevance + 0.3 * any(titled), sentence)
        if all(here):
            of_both.append(row)
        elif here[0]:
            of_one.append(row)
        elif here[1]:
            of_two.append(row)
    ranked = [[sentence for _, sentence in sorted(rows, key=lambda row: -row[0])] for rows in (of_both, of_one, of_two)]
    both, only_one, only_two = ranked
    if both:
        return _summary(response, led_by(both[:1], [*only_one[:2], *only_two[:2], *both[1:2]], config.ideal_words))
    if only_one and only_two:
        lead = sorted((only_one[0], only_two[0]), key=lambda sentence: len(sentence.text))
        return _summary(response, led_by(lead, [*only_one[1:2], *only_two[1:2]], config.ideal_words))
    return silenced(response, f"The passages found do not speak of both {form.options[0]} and {form.options[1]}.")


def _abbreviation(
    form: QuestionForm, _question: str, terms: QuestionTerms, response: Response, config: AskConfig
) -> Response:
    answers = long_forms.answers(form.topic, response.hits)
    if not answers:
        return silenced(response, f"No passage found says what {form.topic} stands for.")
    return answered(response, answers[: config.top])


def _negated(
    form: QuestionForm, question: str, terms: QuestionTerms, response: Response, config: AskConfig
) -> Response:
    if response.type in _BY_SPANS:
        answers = negations.supported(form, response.answers)
        if answers:
            return replace(response, answers=answers, disagreeing=())
        wanted = list(terms.weights)
        likely = [
            answer
            for answer in negations.supported(form, response.guesses)
            if answer.confidence >= response.threshold * _OF_THRESHOLD
            and coverage(f"{answer.evidence[0].passage.document.title} {answer.evidence[0].sentence}", wanted, terms)
            >= _COVERS_NEGATED
        ]
        if likely:
            return answered(response, likely)
    elif response.type is QuestionType.SUMMARY and not response.abstained:
        saying = [sentence for sentence in response.citations if negations.says_so(sentence.text)]
        if saying or not form.negated:
            return _summary(response, led_by(saying[:1], response.citations, config.ideal_words))
    else:
        return response
    what = "what is denied or advised against" if form.negated else f"others than {', '.join(form.excluded)}"
    return silenced(response, f"The question asks for {what}, and no sentence in the passages found says just that.")


def _known(response: Response, sentences: Sequence[Sentence]) -> list[Sentence]:
    """These sentences as the response holds them, with vector and relevance, where it does."""
    texts = {sentence.text for sentence in sentences}
    return [sentence for sentence in response.sentences if sentence.text in texts]


def answered(response: Response, answers: Sequence[Answer]) -> Response:
    """The response with these answers in place of its own."""
    evidence = answers[0].evidence[0]
    first = Sentence(evidence.passage, evidence.sentence, 1.0)
    return replace(
        response,
        answers=tuple(answers),
        guesses=(),
        disagreeing=(),
        abstained=False,
        ideal_answer=summary.join_sentences([first]),
        citations=(first,),
    )


def _summary(response: Response, sentences: Sequence[Sentence]) -> Response:
    return replace(
        response,
        type=QuestionType.SUMMARY,
        answers=(),
        guesses=(),
        disagreeing=(),
        abstained=False,
        ideal_answer=summary.join_sentences(sentences),
        citations=tuple(sentences),
    )


_Rule = Callable[[QuestionForm, str, QuestionTerms, Response, AskConfig], Response]
_RULES: dict[Form, _Rule] = {
    Form.DEFINITION: _definition,
    Form.ASPECT: _aspect,
    Form.KEYWORDS: _keywords,
    Form.CHOICE: _choice,
    Form.COMPARISON: _comparison,
    Form.ABBREVIATION: _abbreviation,
    Form.NEGATED: _negated,
}
