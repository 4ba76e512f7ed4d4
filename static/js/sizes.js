// The size of the rows, kept in a cookie, so that the server draws the next page right at once.
import { remember } from "./theme.js";

const slider = document.getElementById("size");

if (slider) {
  const rows = slider.dataset.rows.split(" ");
  const days = document.getElementById("days");
  const chosen = slider.dataset.row || getComputedStyle(days).getPropertyValue("--row").trim();
  slider.value = Math.max(0, rows.findIndex((row) => Number(row) >= Number(chosen)));
  slider.hidden = false;
  slider.addEventListener("input", () => {
    days.dataset.row = rows[slider.value];
    remember("row", rows[slider.value]);
  });
}
