// The height of the gallery's rows. It is kept in a cookie, so that the server renders the next page
// at the right size.
import { savePreference } from "./theme.js";

const slider = document.getElementById("size");

if (slider) {
  const heights = slider.dataset.rows.split(" ");
  const days = document.getElementById("days");
  const chosen = slider.dataset.row || getComputedStyle(days).getPropertyValue("--row").trim();
  slider.value = Math.max(0, heights.findIndex((height) => Number(height) >= Number(chosen)));
  slider.hidden = false;
  slider.addEventListener("input", () => {
    days.dataset.row = heights[slider.value];
    savePreference("row", heights[slider.value]);
  });
}
