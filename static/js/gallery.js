// The wall: what changes, hover previews, the size of the rows, the selection, and "/" to search.
import "./live.js";
import "./previews.js";
import "./selection.js";
import "./sizes.js";

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  document.querySelector(".search input")?.focus();
});
