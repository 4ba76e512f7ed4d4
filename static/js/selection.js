// Clips are selected one by one, or in a range with Shift. The bar shows their count, total length
// and total size.
const bar = document.getElementById("selection");
const boxes = () => [...document.querySelectorAll(".pick")];
const selected = () => boxes().filter((box) => box.checked);
let lastClicked;

/** Format bytes as kB, MB or GB. */
function formatSize(bytes) {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** Show count, length and size of the selection in the bar. */
function updateBar() {
  const sum = (name) => selected().reduce((total, box) => total + Number(box.dataset[name]), 0);
  const count = bar.querySelector("[data-count]");
  count.textContent = count.dataset.count.replace("0", selected().length);
  const length = `${Math.round(sum("ms") / 1000)} s`;
  bar.querySelector("[data-sum]").textContent = `${length} · ${formatSize(sum("bytes"))}`;
  if (!selected().length) reset();
}

/** Forget the last click and the message of the last action. */
function reset() {
  document.getElementById("selection-status").replaceChildren();
  lastClicked = undefined;
}

/** Set one box, or all boxes from the last clicked one to this one. */
function select(box, checked, isRange) {
  const all = boxes();
  const from = isRange && all.includes(lastClicked) ? lastClicked : box;
  const ends = [all.indexOf(from), all.indexOf(box)].sort((a, b) => a - b);
  for (const one of all.slice(ends[0], ends[1] + 1)) one.checked = checked;
  lastClicked = box;
  document.getElementById("selection-status").replaceChildren();
  updateBar();
}

/** Select one clip alone and open the menu of collections for it. */
function openMenu(box) {
  for (const one of selected()) one.checked = false;
  select(box, true, false);
  document.getElementById("add-to").open = true;
  document.querySelector("#add-to summary").focus();
}

/** Show the buttons that need script. */
function showButtons() {
  for (const button of document.querySelectorAll("[data-add]")) button.hidden = false;
}

showButtons();
document.addEventListener("htmx:after:swap", () => {
  showButtons();
  if (bar) updateBar();
});

document.addEventListener("click", (event) => {
  if (event.target.matches(".pick")) return select(event.target, event.target.checked, event.shiftKey);
  const box = event.target.closest(".card")?.querySelector(".pick");
  if (!box) return;
  if (event.target.closest("[data-add]")) {
    event.stopPropagation(); // the menu would take this for a click outside and close
    openMenu(box);
  } else if (event.shiftKey && !event.target.closest("button, .tool, form")) {
    event.preventDefault();
    select(box, !box.checked, selected().length > 0);
  }
}, true);

// A range by Shift must not select the text between the two clips as well.
document.addEventListener("mousedown", (event) => {
  if (event.shiftKey && event.target.closest(".card")) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !selected().length) return;
  if (document.querySelector("dialog[open], details.menu[open]")) return;
  bar.reset();
});
// The boxes change only after the reset event.
bar?.addEventListener("reset", () => setTimeout(updateBar));
if (bar) updateBar();
