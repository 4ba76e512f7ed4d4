// The pictures of an order. A person drops, pastes or chooses them, from the disk or from the team's
// pictures. They are in [data-slots]. A morph may replace any element at any time, so this script
// looks elements up when it needs them.
const widget = () => document.querySelector("[data-slots]");
const allSlots = () => [...widget().querySelectorAll(".slot")];
const maxSlots = () => Number(widget().dataset.most);
let queue = Promise.resolve(); // files are sent one after the other

/** Show messages in the status line of a container. */
function showStatus(container, messages) {
  container?.querySelector("[data-status]").replaceChildren(...messages);
}

/** Post data; call `onProgress` with the share that was sent. Return the finished request. */
function post(address, data, onProgress = () => {}) {
  return new Promise((done) => {
    const request = new XMLHttpRequest(); // fetch does not report progress
    request.open("POST", address);
    request.setRequestHeader("HX-Request", "true");
    request.setRequestHeader("X-CSRFToken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded / event.total));
    request.addEventListener("loadend", () => done(request));
    request.send(data);
  });
}

/** Return the slots and the errors of an answer; one error if it has neither, as after a sign-out. */
function readAnswer(request) {
  const answer = document.createElement("template");
  if ([201, 413, 422].includes(request.status)) answer.innerHTML = request.responseText;
  const errors = [...answer.content.querySelectorAll(".error")];
  const slots = [...answer.content.querySelectorAll(".slot")];
  const isKnown = errors.length || slots.length;
  return { slots, errors: isKnown ? errors : [createError(widget().dataset.lost)] };
}

function createError(text) {
  const line = document.createElement("p");
  line.className = "error";
  line.textContent = text;
  return line;
}

/** Show which share was sent; without a share the bar is hidden. */
function showProgress(share) {
  const progress = widget()?.querySelector("progress");
  if (!progress) return;
  progress.hidden = share === undefined;
  if (share < 1) progress.value = share;
  else progress.removeAttribute("value"); // all is sent, and the server reads the picture
}

/** Send files one after the other and insert the slots that come back. */
async function upload(files) {
  const room = maxSlots() === 1 ? 1 : maxSlots() - allSlots().length;
  const errors = files.length > room ? [createError(widget().dataset.full)] : [];
  for (const [index, file] of files.slice(0, room).entries()) {
    const data = new FormData();
    data.append("picture", file);
    const count = Math.min(files.length, room);
    const onProgress = (share) => showProgress((index + share) / count);
    const request = await post(widget().dataset.slots, data, onProgress);
    if (!widget()) return;
    const answer = readAnswer(request);
    errors.push(...answer.errors);
    insert(answer.slots);
  }
  showProgress();
  showStatus(widget(), errors);
}

/** Send files after those that are being sent now. */
function uploadLater(files) {
  const pictures = [...files];
  const start = () => widget() && upload(pictures);
  if (pictures.length) queue = queue.then(start, start);
}

/** Insert slots, as many as there is room for. */
function insert(slots) {
  for (const slot of slots) {
    if (maxSlots() === 1) allSlots()[0]?.remove(); // a new picture replaces the only one
    if (allSlots().length < maxSlots()) widget().querySelector(".slot-add").before(slot);
  }
  if (slots.length) update();
}

/** Update positions and count, and tell the form that it has changed. */
function update() {
  const positions = widget().dataset.positions.split("|");
  for (const [index, slot] of allSlots().entries()) {
    slot.querySelector(".slot-position").textContent = positions[index] ?? "";
  }
  for (const count of widget().querySelectorAll("[data-count]")) count.textContent = allSlots().length;
  widget().querySelector(".slot-add").hidden = allSlots().length >= maxSlots();
  widget().dispatchEvent(new Event("change", { bubbles: true }));
}

/** Remove a slot and focus the next one. */
function remove(slot) {
  const next = slot.nextElementSibling;
  slot.remove();
  update();
  next.querySelector("[data-remove], input[type=file]").focus();
}

/** Move a slot one position, as its button says. */
function move(slot, button) {
  const isForward = button.dataset.move === "1";
  const other = isForward ? slot.nextElementSibling : slot.previousElementSibling;
  if (!other?.matches(".slot")) return;
  if (isForward) other.after(slot);
  else other.before(slot);
  update();
  button.focus();
  // The first and the last position hide one of the two buttons.
  if (document.activeElement !== button) slot.querySelector("[data-remove]").focus();
}

/** Open the dialog with the team's pictures. */
async function openPicker(link) {
  const answer = await fetch(link.href, { headers: { "HX-Request": "true" } });
  if (answer.redirected || !answer.ok) return location.assign(link.href);
  const dialog = document.createElement("dialog");
  dialog.id = "picker";
  dialog.className = "dialog picker-dialog";
  dialog.setAttribute("aria-labelledby", "picker-title");
  dialog.innerHTML = await answer.text();
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  window.htmx.process(dialog);
  return dialog.showModal();
}

/** Insert a picture from the dialog and close it. */
function pick(link) {
  const { content } = link.parentElement.querySelector("template");
  insert([content.cloneNode(true).querySelector(".slot")]);
  document.getElementById("picker").close();
}

/** Ask the server for a frame of a clip, insert it and close the dialog. */
async function addFrame(form, button) {
  const data = new FormData(form, button);
  button.setAttribute("aria-busy", "true");
  const { slots, errors } = readAnswer(await post(form.action, data));
  button.removeAttribute("aria-busy");
  showStatus(form, errors);
  insert(slots);
  if (slots.length) document.getElementById("picker").close();
}

document.addEventListener("click", (event) => {
  const control = event.target.closest("[data-remove], [data-move], [data-picker], #picker [data-pick]");
  if (!control || !widget() || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (control.matches("[data-remove]")) remove(control.closest(".slot"));
  else if (control.matches("[data-move]")) move(control.closest(".slot"), control);
  else if (control.matches("[data-picker]")) openPicker(control);
  else pick(control);
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("#picker [data-frame]")) return;
  event.preventDefault();
  if (!event.target.querySelector("[aria-busy]")) addFrame(event.target, event.submitter);
});

// Stopped before it reaches the form: update() tells the form when the picture is there.
document.addEventListener(
  "change",
  (event) => {
    if (!event.target.matches("[data-slots] input[type=file]")) return;
    event.stopPropagation();
    uploadLater(event.target.files);
    event.target.value = "";
  },
  true,
);

document.addEventListener("paste", (event) => {
  if (!widget() || !event.clipboardData.files.length || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  uploadLater(event.clipboardData.files);
});

// The whole page accepts a dropped file. Outside the box the browser would leave the page for it.
const hasFiles = (event) => widget() && event.dataTransfer?.types.includes("Files");

document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  widget().classList.add("dropping");
});

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) widget()?.classList.remove("dropping");
});

document.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  widget().classList.remove("dropping");
  uploadLater(event.dataTransfer.files);
});
