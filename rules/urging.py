"""催报: the letter to a liaison about units from which nothing has come."""

from collections.abc import Sequence
from datetime import date

from rules.answer import Answer, content_key
from rules.reply import blank_form_name
from rules.reply_text import render
from rules.reply_values import Quoting, category_values, chinese_day, office_values, survey_values
from rules.roster import ExpectedUnit
from rules.survey import Survey


def _town(unit: ExpectedUnit, quoting: Quoting) -> str | None:
    """The town, where the unit's name does not say it."""
    return quoting.safe(unit.town, 20) if unit.town and unit.town not in unit.name else None


def compose_urging(survey: Survey, units: Sequence[ExpectedUnit], today: date) -> Answer:
    """One letter about all these units, with the units' blank form; the first unit's liaison is greeted."""
    quoting = Quoting()
    category = next((one for one in survey.categories if not one.is_person), None)
    values = {
        "liaison": quoting.safe(units[0].liaison, 24) or None,
        "units": [{"name": quoting.safe(unit.name, 60), "town": _town(unit, quoting)} for unit in units],
        "survey": survey_values(survey), "office": office_values(survey), "today": chinese_day(today),
        "days_left": (survey.closes - today).days, "category": category_values(category) if category else None,
    }
    text, html = render(survey.replies, "urging", values)
    subject = f"报送提醒\uff1a{quoting.safe(survey.title, 40)}\uff08{values['units'][0]['name']}"
    subject += f"等{len(units)}个单位\uff09" if len(units) > 1 else "\uff09"
    blanks = (category,) if category else ()
    return Answer("urging", subject, text, html, tuple(one.blank for one in blanks), content_key("urging", (), ()),
                  (), tuple(blank_form_name(one) for one in blanks))
