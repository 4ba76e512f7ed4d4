// The review page, for guests and for the team: remarks on the bar, a time for the remark that is
// being typed, the way from clip to clip. Keys: N and P open the next and the previous clip, C
// begins a remark, Enter sends it; the player has the others.
import "./live.js";
import "./menus.js";
import "./player.js";
import "./previews.js";
import { formatTimecode } from "./timecode.js";

const MIN_SWIPE = 60; // pixels
const video = () => document.querySelector("#player video");
const remarkForm = () => document.getElementById("remark-form");
const timecodeOf = (ms) => formatTimecode(ms / 1000);
let resumes = false; // whether the video played before a person began to type or opened the next clip

function seek(ms) {
  video().pause();
  video().currentTime = ms / 1000;
}

// ---- Remarks on the bar ----

/** Return a button on the bar for a remark. */
function createMark(remark) {
  const button = document.createElement("button");
  const time = remark.querySelector(".remark-at");
  button.type = "button";
  button.className = "remark-mark";
  button.dataset.seek = remark.dataset.start;
  button.dataset.tint = remark.dataset.tint;
  button.textContent = ([...remark.dataset.name][0] ?? "").toUpperCase();
  button.setAttribute("aria-label", `${remark.dataset.name}, ${time.textContent.trim()}`);
  return button;
}

/** Return a line on the bar for the time range of a remark. */
function createRange(remark, length) {
  const span = document.createElement("span");
  span.className = "remark-range";
  span.style.inlineSize = `${(100 * (remark.dataset.end - remark.dataset.start)) / length}%`;
  return span;
}

/** Draw all open remarks with a time on the bar. */
function drawMarks() {
  const bar = document.getElementById("remark-marks");
  const length = (video()?.duration || 0) * 1000;
  if (!bar || !length) return;
  bar.replaceChildren();
  for (const remark of document.querySelectorAll(".remark[data-start]:not([data-settled])")) {
    const shapes = [createMark(remark)];
    if (remark.dataset.end) shapes.push(createRange(remark, length));
    for (const shape of shapes) {
      shape.style.insetInlineStart = `${Math.min(100, (100 * remark.dataset.start) / length)}%`;
      bar.append(shape);
    }
  }
}

document.addEventListener("click", (event) => {
  const ms = event.target.closest("[data-seek]")?.dataset.seek;
  if (ms && video()) seek(Number(ms));
});

// ---- The remark that is being typed ----

/** Set the time of the remark, a range, or none. */
function setTime(start, end) {
  const form = remarkForm();
  form.elements.start_ms.value = start ?? "";
  form.elements.end_ms.value = end ?? "";
  form.querySelector(".remark-form-position").hidden = start === undefined;
  if (start === undefined) return;
  const text = timecodeOf(start) + (end ? ` – ${timecodeOf(end)}` : "");
  form.querySelector(".remark-form-position time").textContent = text;
}

const currentMs = () => Math.round(video().currentTime * 1000);
const rangeButton = () => remarkForm()?.querySelector(".remark-form-range");
const hasRange = () => rangeButton()?.getAttribute("aria-pressed") === "true";

function startMs() {
  const { value } = remarkForm().elements.start_ms;
  return value ? Number(value) : undefined;
}

/** Pause the video and give the remark its time. */
function stamp() {
  if (startMs() !== undefined || !video()) return;
  resumes = !video().paused;
  video().pause();
  setTime(currentMs());
}

/** Begin or end a time range. */
function toggleRange() {
  const isPressed = !hasRange();
  rangeButton().setAttribute("aria-pressed", String(isPressed));
  if (isPressed && startMs() === undefined) setTime(currentMs());
  if (!isPressed) setTime(startMs());
}

/** Extend the range to where the video is. */
function extendRange() {
  if (hasRange()) setTime(startMs(), currentMs() > startMs() ? currentMs() : undefined);
}

document.addEventListener("input", (event) => {
  if (event.target.id !== "id_text") return;
  if (event.target.value) stamp();
  else if (!hasRange()) setTime();
});

document.addEventListener("click", (event) => event.target.closest(".remark-form-range") && toggleRange());

// ---- Keys and touch ----

/** Open the next or the previous clip; it plays if this one did. */
function openClip(direction) {
  const link = document.querySelector(`[data-go=${direction}]`);
  resumes = Boolean(video() && !video().paused);
  link?.click();
}

document.addEventListener("keydown", (event) => {
  const box = event.target.closest("#id_text");
  if (box && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (box.value.trim()) remarkForm().requestSubmit(remarkForm().querySelector(".remark-form-send"));
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input:not(.scrub), textarea, select, dialog[open]")) return;
  const action = {
    n: () => openClip("next"),
    p: () => openClip("previous"),
    c: () => remarkForm()?.elements.text.focus(),
  }[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action();
});

let touchStart;
document.addEventListener("pointerdown", (event) => {
  const isOnVideo = event.pointerType === "touch" && event.target.closest("#player video");
  touchStart = isOnVideo ? { x: event.clientX, y: event.clientY } : undefined;
});
document.addEventListener("pointerup", (event) => {
  if (!touchStart) return;
  const [across, down] = [event.clientX - touchStart.x, event.clientY - touchStart.y];
  if (Math.abs(across) > MIN_SWIPE && Math.abs(down) < MIN_SWIPE) openClip(across < 0 ? "next" : "previous");
});

// ---- After a swap ----

let shownVideo = video();

/** Show what needs script, and play a clip that was opened while another one played. */
function update() {
  drawMarks();
  for (const button of document.querySelectorAll(".remark-form-range")) button.hidden = !video();
  if (!video() || video() === shownVideo) return;
  shownVideo = video();
  if (resumes) shownVideo.play().catch(() => undefined); // a browser may ask for a click before sound
  resumes = false;
  scrollTo({ top: 0 });
}

document.addEventListener("loadedmetadata", drawMarks, true);
document.addEventListener("timeupdate", extendRange, true);
document.addEventListener("seeked", extendRange, true);
document.addEventListener("htmx:after:swap", update);
// The video goes on after a remark was sent.
document.addEventListener("htmx:after:request", (event) => {
  const { request, response } = event.detail.ctx ?? {};
  if (request?.method === "POST" && response?.status === 200 && resumes) video()?.play();
  if (request?.method === "POST") resumes = false;
});
// The link may expire while its page is open.
document.addEventListener("htmx:response:error", (event) => {
  if ([403, 404].includes(event.detail.ctx?.response?.status)) location.reload();
});
update();
