"""A `Picture` as SVG, for a page: sharp at any size, with a title and a description that a screen reader says."""

from markupsafe import Markup, escape

from intake.office.charts.layout import Box, Picture, Words


def svg(picture: Picture) -> Markup:
    """One `<svg>` element; nothing in it comes from elsewhere."""
    name = f"chart-{picture.name}"
    shapes = Markup("").join(_box(shape) if isinstance(shape, Box) else _words(shape) for shape in picture.shapes)
    return Markup(
        '<svg class="chart" viewBox="0 0 {0:g} {1:g}" role="img" aria-labelledby="{2}-title {2}-desc">'
        '<title id="{2}-title">{3}</title><desc id="{2}-desc">{4}</desc>{5}</svg>'
    ).format(picture.width, picture.height, name, picture.title, picture.description, shapes)


def _box(box: Box) -> Markup:
    return Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>').format(
        box.x, box.y, box.width, box.height, box.color)


def _words(words: Words) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" font-size="{}" fill="{}" text-anchor="{}">{}</text>').format(
        words.x, words.y, words.size, words.color, words.anchor, escape(words.text))
