// The eye beside the password field shows or hides what was typed.
const eye = document.querySelector("[data-reveal]");
const field = document.querySelector(eye.dataset.reveal);
eye.hidden = false;
field.focus();

eye.addEventListener("click", () => {
  const isShown = field.type === "password";
  field.type = isShown ? "text" : "password";
  eye.setAttribute("aria-pressed", String(isShown));
  field.focus();
});
