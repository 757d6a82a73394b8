// Keys of the review queue. Every key presses a link or a button that stands on the page; without this file one clicks.
"use strict";
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const typing = event.target.closest("input, textarea, select");
  if (typing) {
    if (event.key === "Escape") typing.blur();
    return;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (move(key) || correct(key)) {
    event.preventDefault();
    return;
  }
  const pressed = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key.split(" ").includes(key));
  if (pressed && !event.repeat) {
    event.preventDefault();
    pressed.click();
  }
});

// In the list j, k and the arrows move; Enter opens the link that has the focus.
function move(key) {
  const cases = [...document.querySelectorAll("[data-case]")];
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[key];
  if (!cases.length || !step) return false;
  const at = cases.indexOf(document.activeElement);
  cases[at < 0 ? 0 : Math.min(Math.max(at + step, 0), cases.length - 1)].focus();
  return true;
}

function correct(key) {
  const form = key === "c" && document.querySelector(".right details.edit");
  if (!form) return false;
  form.open = true;
  form.querySelector("input[type=text]").focus();
  return true;
}
