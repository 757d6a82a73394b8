"""The words of a survey that help to read pictures: options beside which ticks stand, and names of places."""

from dataclasses import dataclass

from rules.survey import Survey


@dataclass(frozen=True, slots=True)
class Words:
    """What the reader of pictures is told of the survey."""

    #: words beside which a tick box may stand
    options: tuple[str, ...] = ()
    #: names of places, to put misread characters right
    places: tuple[str, ...] = ()


NO_WORDS = Words()
#: answers to 是否…
_YES_NO = ("是", "否", "有", "无")


def words_of(survey: Survey) -> Words:
    """The options of every field and platform with their other names, and the places."""
    choices = [choice for rule in survey.fields for choice in rule.choices] + list(survey.platforms)
    named = dict.fromkeys(word for choice in choices for word in (choice.name, *choice.aliases))
    return Words((*named, *_YES_NO), tuple(survey.places))
