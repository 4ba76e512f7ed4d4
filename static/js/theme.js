// The theme lives in a cookie, so that the server draws the page right the first time.
const YEAR = 31536000;

export function remember(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR}; samesite=lax`;
}

for (const part of document.querySelectorAll("[data-theme-switch]")) part.hidden = false;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-set]");
  if (!button) return;
  const theme = button.dataset.themeSet;
  document.documentElement.dataset.theme = theme;
  remember("theme", theme);
  for (const other of document.querySelectorAll("[data-theme-set]")) {
    other.setAttribute("aria-pressed", String(other.dataset.themeSet === theme));
  }
});
