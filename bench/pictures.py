"""Pictures: mails with papers through the confined readers, against the bare OCR engine on the same pictures.

The bare engine is the one that the product loads (`intake.ocr.engine`), given the decoded picture once with detection,
direction and recognition on, in as many processes: once as the picture came, and once scaled down to the size on which
ours looks for text, which is quicker and reads small print less well. Ours decodes, turns, reads, understands the form
beside it, judges, and commits rows and a reply.
"""

import io
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

from mails import picture_mails
from service import folder, now
from tables import median, show, verdict

from intake.confined.confine import ReaderPool
from intake.pipeline import process_pending
from rules.survey import load_survey
from store.database import connect, one
from store.files import keep_raw
from store.messages import enter_import

#: ours is at least this share of the engine's throughput
TARGET = 0.9


def run(count: int, runs: int, processes: tuple[int, ...]) -> None:
    """Measure and print."""
    rows, notes = [], []
    for number in processes:
        # one more, to warm the readers; the last one's length must not matter more where more work side by side
        *made, (warm, _) = picture_mails(count * number + 1)
        pictures = [picture for _, all_of_one in made for picture in all_of_one]
        ours, bare, scaled = [], [], []
        with _bare_engine(number) as engine, folder("readers") as place:
            for _ in range(runs):
                ours.append(len(pictures) / _ours(place, [raw for raw, _ in made], warm, number))
                bare.append(len(pictures) / _bare(engine, recognise, pictures))
                scaled.append(len(pictures) / _bare(engine, recognise_scaled, pictures))
        ratio, strict = _ratio(ours, bare), _ratio(ours, scaled)
        rows.append((f"{number} process{'es' if number > 1 else ''}", median(ours), median(bare), ratio, median(scaled),
                     strict))
        notes.append(f"{number}: ratio {ratio:.2f} on the same pictures (target {TARGET}): "
                     f"{verdict(ratio, TARGET, at_least=True)}; {strict:.2f} to the engine on smaller ones")
    show(f"2. Pictures a second ({count} mails for each process, {runs} runs, side by side)",
         ("", "intake", "bare engine", "ratio", f"bare engine at {_side()} px", "ratio"), rows, notes)


def _ratio(ours: list[float], theirs: list[float]) -> float:
    return median([mine / other for mine, other in zip(ours, theirs, strict=True)])


def _side() -> int:
    from intake.ocr_steps import DETECT_SIDE

    return DETECT_SIDE


def _ours(place, mails: list[bytes], warm: bytes, processes: int) -> float:
    """Seconds from mails in the ledger to committed rows and queued replies; the readers are warm before."""
    from build_config import configuration

    from intake.config import ReadLimits

    with folder("ours") as data:
        config = configuration(data, read=ReadLimits(processes=processes))
        survey, database = load_survey(config.survey), connect(config.database)
        with ReaderPool(config.survey, config.read, data=config.data) as pool:
            _warm(pool, place, warm, processes)
            for number, raw in enumerate(mails):
                sha256, size = keep_raw(config.data, [raw])
                enter_import(database, f"{number}.eml", sha256, size, now().isoformat(), now())
            began = time.perf_counter()
            process_pending(config, survey, database, pool, now)
            seconds = time.perf_counter() - began
        done = one(database, "SELECT count(*) AS n FROM messages WHERE state = 'processed'")["n"]
        if done != len(mails):
            print(f"!!! {done} of {len(mails)} mails were processed")
        database.close()
    return seconds


def _warm(pool: ReaderPool, place, mail: bytes, processes: int) -> None:
    """Every reader has loaded its engine: as many pictures at once as there are readers, none of them kept."""
    sha256, _ = keep_raw(place, [mail])
    path = place / "raw" / sha256[:2] / f"{sha256}.eml"
    for future in [pool.read(path, sha256, anew=True) for _ in range(processes * 2)]:
        future.result()


def _bare_engine(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))


def _bare(engine: ProcessPoolExecutor, read: Callable[[bytes], int], pictures: list[bytes]) -> float:
    for future in [engine.submit(read, pictures[0]) for _ in range(4)]:  # every process has loaded its engine
        future.result()
    began = time.perf_counter()
    for _ in engine.map(read, pictures):
        pass
    return time.perf_counter() - began


def recognise(picture: bytes) -> int:
    """How many lines the bare engine finds in a picture."""
    return _lines(picture, 0)


def recognise_scaled(picture: bytes) -> int:
    """The same in the picture scaled down as ours does to look for text."""
    return _lines(picture, _side())


def _lines(picture: bytes, side: int) -> int:
    import cv2
    import numpy as np
    from PIL import Image

    from intake.ocr import engine

    cv2.setNumThreads(1)
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    if side:
        image.thumbnail((side, side))
    found = engine()(np.asarray(image)[:, :, ::-1], use_det=True, use_cls=True, use_rec=True)
    return len(found.txts or ())
