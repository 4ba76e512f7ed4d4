// The order form: the counter, the kept draft, the stepper, Ctrl+Enter.
const form = document.getElementById("order");
const prompt = form.elements.prompt;
const counter = form.querySelector("[data-counter]");
const numbers = new Intl.NumberFormat("en");
let moreIsOpen = document.getElementById("more")?.open;

function count() {
  const limit = Number(document.getElementById("live").dataset.promptLimit);
  const length = [...prompt.value].length;
  counter.textContent = `${numbers.format(length)} / ${numbers.format(limit)}`;
  counter.classList.toggle("over", length > limit);
}

function keepDraft() {
  localStorage.setItem(form.dataset.draft, prompt.value);
}

if (!prompt.value) prompt.value = localStorage.getItem(form.dataset.draft) ?? "";
else if (!location.search) keepDraft();
count();

prompt.addEventListener("input", () => {
  count();
  keepDraft();
});

form.addEventListener("submit", () => localStorage.removeItem(form.dataset.draft));

form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  const press = document.getElementById("press");
  if (!press.disabled) form.requestSubmit(press);
});

form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step]");
  if (!button) return;
  const { low, high } = button.parentElement.dataset;
  const field = form.elements.duration;
  const next = (Number.parseInt(field.value, 10) || 0) + Number(button.dataset.step);
  field.value = Math.min(Math.max(next, Number(low)), Number(high));
  field.dispatchEvent(new Event("change", { bubbles: true }));
});

// A morph follows the server, which does not know whether "More" was folded by hand. A click and not
// "toggle", which comes later: a morph between the two would be taken for the hand.
form.addEventListener("click", (event) => {
  const more = event.target.closest("#more > summary")?.parentElement;
  if (more) moreIsOpen = !more.open;
});
document.addEventListener("htmx:after:swap", () => {
  const more = document.getElementById("more");
  if (more && moreIsOpen) more.open = true;
  count();
});
