// The board of a film: what is played, which take is auditioned, and the keys. Space plays, the
// arrows go a second, 1 to 9 audition a take, Enter uses it, [ and ] go to another shot. Everything
// is asked of the document, which a morph may change at any time.
import "./live.js";
import { Axis } from "./axis.js";
import { Cut } from "./cut.js";
import { Controls } from "./controls.js";
import "./step.js";

const axis = new Axis();
const find = (selector) => document.querySelector(selector);
let cut;
let mode = { name: "chosen" };

const tile = (pk) => find(`.take[data-take="${pk}"]`);
const auditioned = () => (mode.name === "take" ? tile(mode.take) : undefined);

function begin() {
  const root = find("#cut");
  if (!root || cut) return;
  cut = new Cut(root.querySelectorAll("video"), [...root.querySelectorAll("audio")]);
  root.cut = cut;
  new Controls(root, cut);
  cut.addEventListener("time", () => axis.point(filmTime()));
}

// Where in the film that is which is played now.
function filmTime() {
  const shot = auditioned() && find(`#shot-${CSS.escape(find("#takes").dataset.at)}`);
  return cut.time + (shot ? Number(shot.dataset.start) / 1000 : 0);
}

function plan() {
  const voices = axis.voices();
  if (mode.name === "cut") return { pieces: [{ src: mode.src, length: mode.ms / 1000 }], own: true };
  const take = auditioned();
  if (!take) return { pieces: axis.pieces(), voices };
  const { src, ms } = take.dataset;
  const voice = find("#takes").dataset.at;
  if (voice in voices || find(`#sound-${voice}`)) return { pieces: axis.pieces(), voices: { ...voices, [voice]: src } };
  return { pieces: [{ src, length: Number(ms) / 1000 }], own: true };
}

function show() {
  begin();
  if (!cut) return;
  if (mode.name === "take" && !auditioned()) mode = { name: "chosen" };
  cut.load(plan(), cut.time);
  showModes();
  showTakes();
  tellMissing();
  axis.draw();
  axis.point(filmTime());
}

function showModes() {
  for (const button of document.querySelectorAll("[data-mode]")) {
    if (button.dataset.mode === "take") {
      button.hidden = mode.name !== "take";
      button.textContent = auditioned()?.dataset.name ?? "";
    }
    button.setAttribute("aria-pressed", String(button.dataset.mode === mode.name));
  }
}

function tellMissing() {
  const root = find("#cut");
  const words = mode.name === "chosen" && axis.lacks ? root.dataset.missing : "";
  const told = root.querySelector("[data-told]");
  if (told.textContent !== words) told.textContent = words;
}

function showTakes() {
  const now = auditioned();
  for (const take of document.querySelectorAll(".take[data-take]")) {
    take.querySelector("[data-audition]")?.setAttribute("aria-pressed", String(take === now));
  }
  const shown = now ?? find(".take[data-chosen]");
  for (const words of document.querySelectorAll("[data-words]")) {
    words.hidden = words.dataset.words !== shown?.dataset.take;
  }
  const use = find("#use");
  if (!use) return;
  const may = now && "may" in now.dataset && !("chosen" in now.dataset);
  if (!may && use.contains(document.activeElement)) shown?.querySelector("[data-audition]")?.focus();
  use.hidden = !may;
  if (may) use.elements.take.value = now.dataset.take;
  if (may) use.querySelector("button").textContent = now.dataset.use;
}

function turnTo(next, { at = 0, play = false } = {}) {
  mode = next;
  cut.pause();
  cut.seek(at);
  show();
  cut.seek(at);
  if (play) cut.play();
}

function audition(take) {
  if (take?.querySelector("[data-audition]")) turnTo({ name: "take", take: take.dataset.take }, { play: true });
}

// With the focus on it, so that Enter and Tab go on from there.
function goTo(take) {
  audition(take);
  take?.querySelector("[data-audition]")?.focus({ preventScroll: true });
}

function toCut({ src, ms }) {
  turnTo({ name: "cut", src, ms: Number(ms) }, { play: true });
  find("#cut").scrollIntoView({ block: "nearest" });
}

function toShot(step) {
  const shots = [...document.querySelectorAll(".axis-shot > a")];
  const now = shots.findIndex((shot) => shot.hasAttribute("aria-current"));
  const next = shots[Math.min(Math.max(now + step, 0), shots.length - 1)];
  if (next && next !== shots[now]) next.click();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-audition], [data-mode], [data-play-cut]");
  if (!button || !cut) return;
  if (button.matches("[data-audition]")) audition(button.closest(".take"));
  else if (button.matches("[data-play-cut]")) toCut(button.dataset);
  else if (button.dataset.mode === "cut") toCut(button.dataset);
  else if (button.dataset.mode === "chosen") turnTo({ name: "chosen" });
});

const keys = {
  " ": () => cut.toggle(),
  ArrowLeft: () => cut.seek(cut.time - 1),
  ArrowRight: () => cut.seek(cut.time + 1),
  "[": () => toShot(-1),
  "]": () => toShot(1),
};

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (!cut || event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.closest("input:not(.scrub), textarea, select, dialog[open]")) return;
  const onControl = target.closest("button, a, summary");
  if (key === " " && onControl) return;
  let act = keys[key];
  if (/^[1-9]$/.test(key)) act = () => goTo(find(`.take[data-number="${key}"]`));
  const use = find("#use");
  // On a take that is auditioned already, Enter goes on to use it; other controls keep their Enter.
  const mayUse = use && !use.hidden && (!onControl || onControl.closest(".take") === auditioned());
  if (key === "Enter" && mayUse) act = () => use.requestSubmit();
  if (!act) return;
  event.preventDefault();
  act();
});

// ---- What a morph must leave as it is, and what follows it ------------------------------------

window.htmx.registerExtension("unfolded", {
  // What a person opened stays open.
  htmx_before_morph_attr: (element, { attrName }) => !(attrName === "open" && element.matches("dialog, details")),
});

// Half a sentence stays, whatever the server says of the prompt meanwhile.
const keep = (dialog) => dialog?.setAttribute("hx-morph-skip", "");

document.addEventListener("toggle", ({ target }) => {
  if (target.matches(".retake[open]")) keep(target);
  if (target.id === "share") target.toggleAttribute("hx-morph-skip", target.open);
}, true);
document.addEventListener("input", (event) => keep(event.target.closest(".retake")));
document.addEventListener("htmx:before:request", (event) => {
  event.target.closest?.(".retake")?.removeAttribute("hx-morph-skip");
});
document.addEventListener("htmx:finally:request", (event) => {
  const dialog = event.target.closest?.(".retake");
  const { status } = event.detail.ctx.response ?? {};
  if (!dialog) return;
  if (status === 200 && !dialog.querySelector(".error")) dialog.close();
  else keep(dialog);
});

// What was auditioned is in the cut now: it is heard there.
document.addEventListener("htmx:finally:request", (event) => {
  if (event.target.id !== "use" || !("chosen" in (auditioned()?.dataset ?? {}))) return;
  const start = filmTime() - cut.time;
  turnTo({ name: "chosen" }, { at: start });
});

document.addEventListener("htmx:after:swap", show);
new ResizeObserver(() => axis.draw()).observe(document.getElementById("main"));
show();
