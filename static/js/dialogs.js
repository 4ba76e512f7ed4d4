// <button commandfor="id" command="show-modal|close"> for browsers that do not know it yet,
// and a click on the ground beside a dialog closes it.
const native = "commandForElement" in HTMLButtonElement.prototype;

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[commandfor]");
  if (button && !native) obey(button);
  if (event.target instanceof HTMLDialogElement) event.target.close();
});

function obey(button) {
  const dialog = document.getElementById(button.getAttribute("commandfor"));
  if (button.getAttribute("command") === "show-modal") dialog?.showModal();
  if (button.getAttribute("command") === "close") dialog?.close();
}
