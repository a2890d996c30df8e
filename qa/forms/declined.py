"""Questions that are not put to the literature, each with one helpful line."""

from bioqa.qa.forms.form import Form, QuestionForm

_EXAMPLE = 'for example: "what gene causes cystic fibrosis?"'


def notice(form: QuestionForm, question: str) -> str:
    """The line that answers a greeting, a question in another language or a single letter; empty for a question."""
    if form.form is Form.GREETING:
        return f"bioqa answers biomedical questions from the passages of its index; ask one, {_EXAMPLE}"
    if form.form is Form.FOREIGN:
        return f"bioqa reads English only; please ask in English, {_EXAMPLE}"
    if sum(character.isalnum() for character in question) < 2:
        return f"one letter or digit is no question; ask one in words, {_EXAMPLE}"
    return ""
