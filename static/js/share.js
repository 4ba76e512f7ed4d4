// The room of a review: remarks on the bar, a time for what is typed, the way from clip to clip.
// Keys: N and P next and previous, C writes a remark, Enter sends it; the player has the others.
import "./live.js";
import "./menus.js";
import "./player.js";
import "./previews.js";

const FAR = 60; // pixels of a swipe
const film = () => document.querySelector("#player video");
const say = () => document.getElementById("say");
let resume = false; // whether the film played when somebody began to type, or went on to the next

function timecode(ms) {
  const minutes = Math.floor(ms / 60000);
  return `${minutes}:${((ms % 60000) / 1000).toFixed(2).padStart(5, "0")}`;
}

function go(ms) {
  film().pause();
  film().currentTime = ms / 1000;
}

// ---- Remarks on the bar ----

function dot(remark) {
  const button = document.createElement("button");
  const at = remark.querySelector(".remark-at");
  button.type = "button";
  button.className = "dot-remark";
  button.dataset.at = remark.dataset.start;
  button.dataset.tint = remark.dataset.tint;
  button.textContent = ([...remark.dataset.name][0] ?? "").toUpperCase();
  button.setAttribute("aria-label", `${remark.dataset.name}, ${at.textContent.trim()}`);
  return button;
}

function piece(remark, length) {
  const span = document.createElement("span");
  span.className = "dot-range";
  span.style.inlineSize = `${(100 * (remark.dataset.end - remark.dataset.start)) / length}%`;
  return span;
}

function drawDots() {
  const bar = document.getElementById("dots");
  const length = (film()?.duration || 0) * 1000;
  if (!bar || !length) return;
  bar.replaceChildren();
  for (const remark of document.querySelectorAll(".remark[data-start]:not([data-settled])")) {
    const shapes = [dot(remark)];
    if (remark.dataset.end) shapes.push(piece(remark, length));
    for (const shape of shapes) {
      shape.style.insetInlineStart = `${Math.min(100, (100 * remark.dataset.start) / length)}%`;
      bar.append(shape);
    }
  }
}

document.addEventListener("click", (event) => {
  const at = event.target.closest("[data-at]")?.dataset.at;
  if (at && film()) go(Number(at));
});

// ---- What is typed ----

function place(start, end) {
  const form = say();
  form.elements.start_ms.value = start ?? "";
  form.elements.end_ms.value = end ?? "";
  form.querySelector(".say-place").hidden = start === undefined;
  if (start === undefined) return;
  const words = timecode(start) + (end ? ` – ${timecode(end)}` : "");
  form.querySelector(".say-place time").textContent = words;
}

const now = () => Math.round(film().currentTime * 1000);
const began = () => (say().elements.start_ms.value ? Number(say().elements.start_ms.value) : undefined);
const hasRange = () => say()?.querySelector(".say-range").getAttribute("aria-pressed") === "true";

function stamp() {
  if (began() !== undefined || !film()) return;
  resume = !film().paused;
  film().pause();
  place(now());
}

function range() {
  const button = say().querySelector(".say-range");
  const pressed = !hasRange();
  button.setAttribute("aria-pressed", String(pressed));
  if (pressed && began() === undefined) place(now());
  if (!pressed) place(began());
}

function follow() {
  if (hasRange()) place(began(), now() > began() ? now() : undefined);
}

document.addEventListener("input", (event) => {
  if (event.target.id !== "id_text") return;
  if (event.target.value) stamp();
  else if (!hasRange()) place();
});

document.addEventListener("click", (event) => event.target.closest(".say-range") && range());

// ---- Keys and touch ----

function turn(way) {
  const link = document.querySelector(`[data-go=${way}]`);
  resume = Boolean(film() && !film().paused);
  link?.click();
}

document.addEventListener("keydown", (event) => {
  const box = event.target.closest("#id_text");
  if (box && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (box.value.trim()) say().requestSubmit(say().querySelector(".say-send"));
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input:not(.scrub), textarea, select, dialog[open]")) return;
  const act = { n: () => turn("next"), p: () => turn("previous"), c: () => say()?.elements.text.focus() }[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
});

let touched;
document.addEventListener("pointerdown", (event) => {
  const onFilm = event.pointerType === "touch" && event.target.closest("#player video");
  touched = onFilm ? { x: event.clientX, y: event.clientY } : undefined;
});
document.addEventListener("pointerup", (event) => {
  if (!touched) return;
  const [across, down] = [event.clientX - touched.x, event.clientY - touched.y];
  if (Math.abs(across) > FAR && Math.abs(down) < FAR) turn(across < 0 ? "next" : "previous");
});

// ---- What arrives ----

let seen = film();
function arrive() {
  drawDots();
  for (const button of document.querySelectorAll(".say-range")) button.hidden = false;
  if (!film() || film() === seen) return;
  seen = film();
  if (resume) seen.play().catch(() => undefined); // a browser may want a press for sound
  resume = false;
  scrollTo({ top: 0 });
}

document.addEventListener("loadedmetadata", drawDots, true);
document.addEventListener("timeupdate", follow, true);
document.addEventListener("seeked", follow, true);
document.addEventListener("htmx:after:swap", arrive);
// After a remark the film goes on, as it would have without one.
document.addEventListener("htmx:after:request", (event) => {
  const { request, response } = event.detail.ctx ?? {};
  if (request?.method === "POST" && response?.status === 200 && resume) film()?.play();
  if (request?.method === "POST") resume = false;
});
// The link may end while its page is open.
document.addEventListener("htmx:response:error", (event) => {
  if ([403, 404].includes(event.detail.ctx?.response?.status)) location.reload();
});
arrive();
