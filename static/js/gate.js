// The eye beside the password shows what was typed.
const eye = document.querySelector("[data-eye]");
const field = document.querySelector(eye.dataset.eye);
eye.hidden = false;
field.focus();

eye.addEventListener("click", () => {
  const shown = field.type === "password";
  field.type = shown ? "text" : "password";
  eye.setAttribute("aria-pressed", String(shown));
  field.focus();
});
