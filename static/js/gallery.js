// The gallery: live changes, hover previews, row height, selection, and "/" for the search box.
import "./live.js";
import "./previews.js";
import "./selection.js";
import "./row_height.js";

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  document.querySelector(".search input")?.focus();
});
