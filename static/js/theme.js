// The theme is kept in a cookie, so that the server renders the page in the right colours at once.
const YEAR_SECONDS = 31536000;

/** Keep a preference in a cookie for a year. */
export function savePreference(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
}

for (const block of document.querySelectorAll("[data-theme-switch]")) block.hidden = false;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-set]");
  if (!button) return;
  const theme = button.dataset.themeSet;
  document.documentElement.dataset.theme = theme;
  savePreference("theme", theme);
  for (const other of document.querySelectorAll("[data-theme-set]")) {
    other.setAttribute("aria-pressed", String(other.dataset.themeSet === theme));
  }
});
