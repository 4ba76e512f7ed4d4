// The pictures of an order: dropped, pasted, picked from the disk or from what the team has. They
// stand in [data-slots], which a morph may replace at any time: everything is asked of the document.
const widget = () => document.querySelector("[data-slots]");
const slots = () => [...widget().querySelectorAll(".slot")];
const most = () => Number(widget().dataset.most);
const told = (place, words) => place?.querySelector("[data-told]").replaceChildren(...words);
let sending = Promise.resolve();

function send(address, data, progressed = () => {}) {
  return new Promise((done) => {
    const request = new XMLHttpRequest(); // fetch cannot tell how far it is
    request.open("POST", address);
    request.setRequestHeader("HX-Request", "true");
    request.setRequestHeader("X-CSRFToken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    request.upload.addEventListener("progress", (event) => progressed(event.loaded / event.total));
    request.addEventListener("loadend", () => done(request));
    request.send(data);
  });
}

// What was answered: slots, sentences, or nothing that we know, as when one was signed out.
function read(request) {
  const answer = document.createElement("template");
  if ([201, 413, 422].includes(request.status)) answer.innerHTML = request.responseText;
  const errors = [...answer.content.querySelectorAll(".error")];
  const taken = [...answer.content.querySelectorAll(".slot")];
  return { taken, errors: errors.length || taken.length ? errors : [sentence(widget().dataset.lost)] };
}

function sentence(words) {
  const line = document.createElement("p");
  line.className = "error";
  line.textContent = words;
  return line;
}

function bar(share) {
  const progress = widget()?.querySelector("progress");
  if (!progress) return;
  progress.hidden = share === undefined;
  if (share < 1) progress.value = share;
  else progress.removeAttribute("value"); // all is sent, and the picture is being read
}

async function take(files) {
  const room = most() === 1 ? 1 : most() - slots().length;
  const errors = files.length > room ? [sentence(widget().dataset.full)] : [];
  for (const [index, file] of files.slice(0, room).entries()) {
    const data = new FormData();
    data.append("picture", file);
    const count = Math.min(files.length, room);
    const request = await send(widget().dataset.slots, data, (share) => bar((index + share) / count));
    if (!widget()) return;
    const answer = read(request);
    errors.push(...answer.errors);
    insert(answer.taken);
  }
  bar();
  told(widget(), errors);
}

function insert(taken) {
  for (const slot of taken) {
    if (most() === 1) slots()[0]?.remove(); // a new one takes the place of the only one
    if (slots().length < most()) widget().querySelector(".slot-add").before(slot);
  }
  if (taken.length) changed();
}

function changed() {
  const places = widget().dataset.places.split("|");
  for (const [index, slot] of slots().entries()) {
    slot.querySelector(".slot-place").textContent = places[index] ?? "";
  }
  for (const count of widget().querySelectorAll("[data-count]")) count.textContent = slots().length;
  widget().querySelector(".slot-add").hidden = slots().length >= most();
  widget().dispatchEvent(new Event("change", { bubbles: true }));
}

function takeLater(files) {
  const pictures = [...files];
  const now = () => widget() && take(pictures);
  if (pictures.length) sending = sending.then(now, now);
}

function away(slot) {
  const next = slot.nextElementSibling;
  slot.remove();
  changed();
  next.querySelector("[data-away], input[type=file]").focus();
}

function move(slot, button) {
  const other = button.dataset.move === "1" ? slot.nextElementSibling : slot.previousElementSibling;
  if (!other?.matches(".slot")) return;
  if (button.dataset.move === "1") other.after(slot);
  else other.before(slot);
  changed();
  button.focus();
  if (document.activeElement !== button) slot.querySelector("[data-away]").focus();
}

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

function pick(link) {
  insert([link.parentElement.querySelector("template").content.cloneNode(true).querySelector(".slot")]);
  document.getElementById("picker").close();
}

async function takeFrame(form, button) {
  const data = new FormData(form, button);
  button.setAttribute("aria-busy", "true");
  const { taken, errors } = read(await send(form.action, data));
  button.removeAttribute("aria-busy");
  told(form, errors);
  insert(taken);
  if (taken.length) document.getElementById("picker").close();
}

document.addEventListener("click", (event) => {
  const act = event.target.closest("[data-away], [data-move], [data-picker], #picker [data-pick]");
  if (!act || !widget() || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (act.matches("[data-away]")) away(act.closest(".slot"));
  else if (act.matches("[data-move]")) move(act.closest(".slot"), act);
  else if (act.matches("[data-picker]")) openPicker(act);
  else pick(act);
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("#picker [data-frame]")) return;
  event.preventDefault();
  if (!event.target.querySelector("[aria-busy]")) takeFrame(event.target, event.submitter);
});

// Caught before the form hears of it: the form is told when the picture is here.
document.addEventListener(
  "change",
  (event) => {
    if (!event.target.matches("[data-slots] input[type=file]")) return;
    event.stopPropagation();
    takeLater(event.target.files);
    event.target.value = "";
  },
  true,
);

document.addEventListener("paste", (event) => {
  if (!widget() || !event.clipboardData.files.length || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  takeLater(event.clipboardData.files);
});

// Wherever a file is let go on the page: beside the box the browser would leave for it.
const holdsFiles = (event) => widget() && event.dataTransfer?.types.includes("Files");

document.addEventListener("dragover", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  widget().classList.add("dropping");
});

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) widget()?.classList.remove("dropping");
});

document.addEventListener("drop", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  widget().classList.remove("dropping");
  takeLater(event.dataTransfer.files);
});
