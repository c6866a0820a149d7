// Keys. Without this script every page works by links and buttons.
"use strict";

const rows = [...document.querySelectorAll("[data-row]")];
const keys = document.getElementById("keys");
let here = rows.findIndex((row) => "#" + row.id === location.hash && row.id);

function show(number) {
  rows[here]?.classList.remove("here");
  here = Math.max(0, Math.min(number, rows.length - 1));
  rows[here]?.classList.add("here");
  rows[here]?.scrollIntoView({ block: "nearest" });
  (rows[here]?.querySelector("a, button") ?? rows[here])?.focus({ preventScroll: true });
}

// from one change of the text to the next
function change(step) {
  const marks = [...document.querySelectorAll("#changes [title]")];
  if (!marks.length) return;
  const now = marks.indexOf(document.activeElement);
  const next = marks[(now + step + marks.length) % marks.length] ?? marks[0];
  next.focus();
  next.scrollIntoView({ block: "center" });
}

function follow(link) {
  if (link) link.click();
}

const ACTIONS = {
  j: () => (rows.length ? show(here + 1) : follow(document.querySelector("a[rel=next]"))),
  k: () => (rows.length ? show(here - 1) : follow(document.querySelector("a[rel=prev]"))),
  n: () => (document.getElementById("changes") ? change(1) : follow(document.querySelector("a[rel=next]"))),
  p: () => change(-1),
  "/": () => document.getElementById("words")?.focus(),
  "?": () => keys.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (keys.open || event.target.closest("input, select, textarea")) return;
  const row = rows[here];
  const action = ACTIONS[event.key];
  const button = row?.querySelector(`button[data-key="${CSS.escape(event.key)}"]`);
  const link = document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`);
  if (!action && !button && !link) return;
  event.preventDefault();
  if (action) action();
  else (button ?? link).click();
});

document.getElementById("help").addEventListener("click", () => keys.showModal());
for (const link of document.querySelectorAll("#bar a")) {
  if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
}
if (here >= 0) show(here);

// a command that runs: what it says is shown, and its page is opened again when it has ended
const job = document.querySelector("[data-job]");
if (job) {
  const look = async () => {
    const told = await (await fetch(`/jobs/${job.dataset.job}/state`)).json();
    document.getElementById("said").textContent = told.said;
    if (!told.running) location.reload();
    else setTimeout(look, 500);
  };
  setTimeout(look, 300);
}
