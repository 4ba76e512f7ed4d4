// Clips are ticked one by one, or in a run with Shift; the bar says how many, how long, how large.
const bar = document.getElementById("selection");
const picks = () => [...document.querySelectorAll(".pick")];
const chosen = () => picks().filter((pick) => pick.checked);
let last;

function size(bytes) {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

function tell() {
  const sum = (name) => chosen().reduce((total, pick) => total + Number(pick.dataset[name]), 0);
  const count = bar.querySelector("[data-count]");
  count.textContent = count.dataset.count.replace("0", chosen().length);
  bar.querySelector("[data-sum]").textContent = `${Math.round(sum("ms") / 1000)} s · ${size(sum("bytes"))}`;
  if (!chosen().length) clearWords();
}

function clearWords() {
  document.getElementById("selection-said").replaceChildren();
  last = undefined;
}

function tick(pick, checked, run) {
  const all = picks();
  const ends = [all.indexOf(run && all.includes(last) ? last : pick), all.indexOf(pick)].sort((a, b) => a - b);
  for (const one of all.slice(ends[0], ends[1] + 1)) one.checked = checked;
  last = pick;
  document.getElementById("selection-said").replaceChildren();
  tell();
}

function openMenu(pick) {
  for (const one of chosen()) one.checked = false;
  tick(pick, true, false);
  document.getElementById("add-to").open = true;
  document.querySelector("#add-to summary").focus();
}

for (const button of document.querySelectorAll("[data-add]")) button.hidden = false;
document.addEventListener("htmx:after:swap", () => {
  for (const button of document.querySelectorAll("[data-add]")) button.hidden = false;
  if (bar) tell();
});

document.addEventListener("click", (event) => {
  if (event.target.matches(".pick")) return tick(event.target, event.target.checked, event.shiftKey);
  const pick = event.target.closest(".card")?.querySelector(".pick");
  if (!pick) return;
  if (event.target.closest("[data-add]")) {
    event.stopPropagation(); // the menu would take this for a click outside
    openMenu(pick);
  } else if (event.shiftKey && !event.target.closest("button, .tool, form")) {
    event.preventDefault();
    tick(pick, !pick.checked, chosen().length > 0);
  }
}, true);

// A run by Shift must not mark the words between as well.
document.addEventListener("mousedown", (event) => {
  if (event.shiftKey && event.target.closest(".card")) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !chosen().length) return;
  if (document.querySelector("dialog[open], details.menu[open]")) return;
  bar.reset();
});
bar?.addEventListener("reset", () => setTimeout(tell));
if (bar) tell();
