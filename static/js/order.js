// The order form: the counter, the saved draft, the stepper of the duration, Ctrl+Enter.
const form = document.getElementById("order");
const prompt = form.elements.prompt;
const counter = form.querySelector("[data-counter]");
const numbers = new Intl.NumberFormat("en");
let moreIsOpen = document.getElementById("more")?.open;

/** Show how long the prompt is, and whether it is too long. */
function updateCounter() {
  const limit = Number(document.getElementById("live").dataset.promptLimit);
  const length = [...prompt.value].length;
  // What is typed stays in a field that this kind of order does not have, for the next kind.
  prompt.closest(".field").hidden = limit === 0;
  prompt.placeholder = document.getElementById("live").dataset.promptPlaceholder ?? prompt.placeholder;
  counter.textContent = `${numbers.format(length)} / ${numbers.format(limit)}`;
  counter.classList.toggle("over", length > limit);
}

/** Save the prompt in the browser. */
function saveDraft() {
  localStorage.setItem(form.dataset.draft, prompt.value);
}

if (!prompt.value) prompt.value = localStorage.getItem(form.dataset.draft) ?? "";
else if (!location.search) saveDraft();
updateCounter();

prompt.addEventListener("input", () => {
  updateCounter();
  saveDraft();
});

form.addEventListener("submit", () => localStorage.removeItem(form.dataset.draft));

form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  const button = document.getElementById("order-submit");
  if (!button.disabled) form.requestSubmit(button);
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

// The server does not know whether a person has opened "More", so a morph may close it. This listens
// to clicks: "toggle" comes later, and a morph between the two would look like the person's choice.
form.addEventListener("click", (event) => {
  const more = event.target.closest("#more > summary")?.parentElement;
  if (more) moreIsOpen = !more.open;
});
// The row of kinds scrolls where it is too narrow for all.
document.querySelector("#kinds :checked")?.closest(".kind").scrollIntoView({ block: "nearest", inline: "center" });

document.addEventListener("htmx:after:swap", () => {
  const more = document.getElementById("more");
  if (more && moreIsOpen) more.open = true;
  updateCounter();
});
