"""What phones, scanners and mail programs do to a picture; each effect is the same again for the same seed."""

import io
import random

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter


def rotate(image: Image.Image, degrees: int) -> Image.Image:
    """Turned to the left by a quarter, a half or three quarters."""
    return image.rotate(degrees, expand=True)


def skew(image: Image.Image, degrees: float = 4.0, ground=(120, 110, 100)) -> Image.Image:
    """Laid down crooked."""
    return image.rotate(degrees, expand=True, resample=Image.Resampling.BICUBIC, fillcolor=ground)


def perspective(image: Image.Image, strength: float = 0.06, seed: int = 1, ground=(90, 80, 70)) -> Image.Image:
    """Photographed from the side, on a table."""
    rng = random.Random(seed)
    width, height = image.size
    margin_x, margin_y = int(width * 0.12), int(height * 0.12)
    size = (width + 2 * margin_x, height + 2 * margin_y)

    def moved(x: float, y: float) -> tuple[float, float]:
        away_x, away_y = (rng.uniform(-strength, strength) for _ in range(2))
        return margin_x + x + away_x * width, margin_y + y + away_y * height

    corners = [(0, 0), (width, 0), (width, height), (0, height)]
    target = [moved(x, y) for x, y in corners]
    rows, values = [], []
    for (tx, ty), (sx, sy) in zip(target, corners, strict=True):
        rows += [[tx, ty, 1, 0, 0, 0, -sx * tx, -sx * ty], [0, 0, 0, tx, ty, 1, -sy * tx, -sy * ty]]
        values += [sx, sy]
    data = np.linalg.solve(np.array(rows, float), np.array(values, float))
    return image.transform(size, Image.Transform.PERSPECTIVE, data, Image.Resampling.BICUBIC, fillcolor=ground)


def shadow(image: Image.Image, depth: float = 0.55, seed: int = 1) -> Image.Image:
    """A hand's shadow falls over one side."""
    rng = random.Random(seed)
    width, height = image.size
    slope = np.linspace(1, depth, width)[None, :] * np.linspace(1, rng.uniform(depth, 1), height)[:, None]
    if rng.random() < 0.5:
        slope = slope[:, ::-1]
    return Image.fromarray((np.asarray(image.convert("RGB")) * slope[:, :, None]).astype(np.uint8))


def glare(image: Image.Image, seed: int = 1, size: float = 0.16) -> Image.Image:
    """A lamp's reflection on the laminate, soft, somewhere in the upper half."""
    rng = random.Random(seed)
    width, height = image.size
    spot = Image.new("L", image.size, 0)
    x, y, r = rng.uniform(0.5, 0.9) * width, rng.uniform(0.1, 0.5) * height, size * width
    ImageDraw.Draw(spot).ellipse((x - r, y - r, x + r, y + r), fill=170)
    return Image.composite(Image.new("RGB", image.size, "white"), image, spot.filter(ImageFilter.GaussianBlur(r / 2)))


def blur(image: Image.Image, radius: float = 1.2) -> Image.Image:
    """Out of focus."""
    return image.filter(ImageFilter.GaussianBlur(radius))


def jpeg(image: Image.Image, quality: int = 30) -> Image.Image:
    """Squeezed by a chat program."""
    return Image.open(io.BytesIO(as_jpeg(image, quality))).convert("RGB")


def grey(image: Image.Image) -> Image.Image:
    """A black-and-white copier: no colour, harder contrast."""
    return ImageEnhance.Contrast(image.convert("L")).enhance(1.5).convert("RGB")


def bitonal(image: Image.Image, threshold: int = 128) -> Image.Image:
    """A fax."""
    return image.convert("L").point(lambda value: 255 if value > threshold else 0).convert("RGB")


def low_resolution(image: Image.Image, factor: float = 0.5) -> Image.Image:
    """Scaled down by whoever sent it."""
    return image.resize((max(1, int(image.width * factor)), max(1, int(image.height * factor))), Image.Resampling.BOX)


def noise(image: Image.Image, strength: float = 18, seed: int = 1) -> Image.Image:
    """A phone at night."""
    grain = np.random.default_rng(seed).normal(0, strength, (image.height, image.width, 3))
    return Image.fromarray(np.clip(np.asarray(image.convert("RGB")) + grain, 0, 255).astype(np.uint8))


def dark(image: Image.Image, factor: float = 0.45) -> Image.Image:
    """Too little light."""
    return ImageEnhance.Brightness(image).enhance(factor)


def on_table(image: Image.Image, size=(1600, 2100), place=(0.5, 0.5), seed: int = 1, width=0.72) -> Image.Image:
    """A small part of a phone photo: a card on a wooden table."""
    table = noise(Image.new("RGB", size, (139, 101, 68)), 14, seed)
    scaled = image.resize((int(size[0] * width), int(image.height * size[0] * width / image.width)))
    table.paste(scaled, (int((size[0] - scaled.width) * place[0]), int((size[1] - scaled.height) * place[1])))
    return table


def watermark(image: Image.Image, text: str, font) -> Image.Image:
    """仅供…使用, slanted and pale across the whole."""
    layer = Image.new("RGBA", image.size, (0, 0, 0, 0))
    ImageDraw.Draw(layer).text((image.width * 0.12, image.height * 0.45), text, font=font, fill=(200, 30, 30, 110))
    return Image.alpha_composite(image.convert("RGBA"), layer.rotate(18)).convert("RGB")


def as_jpeg(image: Image.Image, quality: int = 88, **options) -> bytes:
    """The bytes of a .jpg."""
    stream = io.BytesIO()
    image.convert("RGB").save(stream, "JPEG", quality=quality, **options)
    return stream.getvalue()


def as_png(image: Image.Image, **options) -> bytes:
    """The bytes of a .png."""
    stream = io.BytesIO()
    image.save(stream, "PNG", **options)
    return stream.getvalue()


def as_tiff(*pages: Image.Image) -> bytes:
    """The bytes of a .tif with several pages."""
    stream = io.BytesIO()
    pages[0].save(stream, "TIFF", save_all=True, append_images=list(pages[1:]), compression="tiff_deflate")
    return stream.getvalue()
