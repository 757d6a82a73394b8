"""The report's charts, drawn by ourselves: four small pictures need no plotting library in a daemon of 70 MB.

    figures.py  what is drawn, from a digest's counts        layout.py   figures → shapes on a small canvas
    svg.py      shapes → SVG, for the admin's home page       png.py      shapes → PNG, for the mail
"""
