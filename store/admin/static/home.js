"use strict";
// The first page is fetched again every minute while somebody looks at it. After a quarter of an hour without a key or
// a movement it rests, so that an open page does not keep a forgotten session alive.
(() => {
  const live = document.getElementById("live");
  const control = document.querySelector(".refresh");
  const box = control.querySelector("input");
  const REST = 15 * 60 * 1000;
  let touched = Date.now();
  control.hidden = false;
  for (const sort of ["pointermove", "keydown", "scroll", "touchstart"]) {
    addEventListener(sort, () => { touched = Date.now(); }, { passive: true });
  }
  setInterval(async () => {
    if (!box.checked || document.hidden || Date.now() - touched > REST || live.contains(document.activeElement)) return;
    try {
      const answer = await fetch(location.pathname, { credentials: "same-origin", redirect: "error" });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
      if (fresh) live.replaceChildren(...fresh.childNodes);
    } catch { /* the next turn tries again */ }
  }, Number(live.dataset.seconds) * 1000);
})();
