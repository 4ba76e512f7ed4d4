// Runs <button commandfor="id" command="show-modal|close"> in browsers without command buttons, and
// closes a dialog on a click on its backdrop.
const isNative = "commandForElement" in HTMLButtonElement.prototype;

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[commandfor]");
  if (button && !isNative) runCommand(button);
  if (event.target instanceof HTMLDialogElement) event.target.close();
});

/** Open or close the dialog that the button names. */
function runCommand(button) {
  const dialog = document.getElementById(button.getAttribute("commandfor"));
  if (button.getAttribute("command") === "show-modal") dialog?.showModal();
  if (button.getAttribute("command") === "close") dialog?.close();
}
