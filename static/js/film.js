// The page of one film: the player, the takes and the timeline. Keys: space plays, the arrows go one
// second, 1 to 9 audition a take, Enter uses it, [ and ] go to another shot. A morph may replace any
// element at any time, so this script looks elements up when it needs them.
import "./live.js";
import { FilmControls } from "./film_controls.js";
import { SequencePlayer } from "./sequence_player.js";
import "./take_comparison.js";
import { Timeline } from "./timeline.js";

const timeline = new Timeline();
const find = (selector) => document.querySelector(selector);
let player;
let mode = { name: "chosen" }; // or {name: "take", take} or {name: "cut", src, ms}

const takeTile = (pk) => find(`.take[data-take="${pk}"]`);
const auditionedTake = () => (mode.name === "take" ? takeTile(mode.take) : undefined);

/** Start the player once the page has one. */
function begin() {
  const root = find("#film-player");
  if (!root || player) return;
  player = new SequencePlayer(root.querySelectorAll("video"), [...root.querySelectorAll("audio")]);
  root.player = player;
  new FilmControls(root, player);
  player.addEventListener("time", () => timeline.movePlayhead(filmTime()));
}

/** Return the second of the film that plays now. */
function filmTime() {
  const shot = auditionedTake() && find(`#shot-${CSS.escape(find("#takes").dataset.segment)}`);
  return player.time + (shot ? Number(shot.dataset.start) / 1000 : 0);
}

/** Return what the player has to play in the current mode. */
function playlist() {
  const sounds = timeline.sounds();
  if (mode.name === "cut") return { clips: [{ src: mode.src, length: mode.ms / 1000 }], ownSound: true };
  const take = auditionedTake();
  if (!take) return { clips: timeline.clips(), sounds };
  const { src, ms } = take.dataset;
  const segment = find("#takes").dataset.segment;
  if (segment in sounds || find(`#sound-${segment}`)) {
    return { clips: timeline.clips(), sounds: { ...sounds, [segment]: src } };
  }
  return { clips: [{ src, length: Number(ms) / 1000 }], ownSound: true };
}

/** Bring the player and the page in line with the mode and with the last morph. */
function update() {
  begin();
  if (!player) return;
  if (mode.name === "take" && !auditionedTake()) mode = { name: "chosen" };
  player.load(playlist(), player.time);
  updateModes();
  updateTakes();
  updateStatus();
  timeline.draw();
  timeline.movePlayhead(filmTime());
}

function updateModes() {
  for (const button of document.querySelectorAll("[data-mode]")) {
    if (button.dataset.mode === "take") {
      button.hidden = mode.name !== "take";
      button.textContent = auditionedTake()?.dataset.name ?? "";
    }
    button.setAttribute("aria-pressed", String(button.dataset.mode === mode.name));
  }
}

/** Say that some chosen takes cannot be played yet. */
function updateStatus() {
  const root = find("#film-player");
  const text = mode.name === "chosen" && timeline.hasMissingShots ? root.dataset.missing : "";
  const status = root.querySelector("[data-status]");
  if (status.textContent !== text) status.textContent = text;
}

/** Show which take is auditioned, its prompt, and the button that uses it. */
function updateTakes() {
  const auditioned = auditionedTake();
  for (const take of document.querySelectorAll(".take[data-take]")) {
    take.querySelector("[data-audition]")?.setAttribute("aria-pressed", String(take === auditioned));
  }
  const shown = auditioned ?? find(".take[data-chosen]");
  for (const prompt of document.querySelectorAll("[data-prompt]")) {
    prompt.hidden = prompt.dataset.prompt !== shown?.dataset.take;
  }
  const form = find("#use-take");
  if (!form) return;
  const data = auditioned?.dataset ?? {};
  const isChoosable = "choosable" in data && !("chosen" in data);
  const hasFocus = form.contains(document.activeElement);
  if (!isChoosable && hasFocus) shown?.querySelector("[data-audition]")?.focus();
  form.hidden = !isChoosable;
  if (!isChoosable) return;
  form.elements.take.value = data.take;
  form.querySelector("button").textContent = data.use;
}

/** Change what is played, and go to a second of it. */
function setMode(next, { at = 0, play = false } = {}) {
  mode = next;
  player.pause();
  player.seek(at);
  update();
  player.seek(at);
  if (play) player.play();
}

function audition(take) {
  if (take?.querySelector("[data-audition]")) setMode({ name: "take", take: take.dataset.take }, { play: true });
}

/** Audition a take and focus it, so that Enter and Tab go on from there. */
function auditionAndFocus(take) {
  audition(take);
  take?.querySelector("[data-audition]")?.focus({ preventScroll: true });
}

function playCut({ src, ms }) {
  setMode({ name: "cut", src, ms: Number(ms) }, { play: true });
  find("#film-player").scrollIntoView({ block: "nearest" });
}

/** Open the shot so many steps after the current one. */
function openShot(step) {
  const shots = [...document.querySelectorAll(".timeline-shot > a")];
  const current = shots.findIndex((shot) => shot.hasAttribute("aria-current"));
  const next = shots[Math.min(Math.max(current + step, 0), shots.length - 1)];
  if (next && next !== shots[current]) next.click();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-audition], [data-mode], [data-play-cut]");
  if (!button || !player) return;
  if (button.matches("[data-audition]")) audition(button.closest(".take"));
  else if (button.matches("[data-play-cut]")) playCut(button.dataset);
  else if (button.dataset.mode === "cut") playCut(button.dataset);
  else if (button.dataset.mode === "chosen") setMode({ name: "chosen" });
});

const keys = {
  " ": () => player.toggle(),
  ArrowLeft: () => player.seek(player.time - 1),
  ArrowRight: () => player.seek(player.time + 1),
  "[": () => openShot(-1),
  "]": () => openShot(1),
};

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (!player || event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.closest("input:not(.scrub), textarea, select, dialog[open]")) return;
  const control = target.closest("button, a, summary");
  if (key === " " && control) return;
  let action = keys[key];
  if (/^[1-9]$/.test(key)) action = () => auditionAndFocus(find(`.take[data-ordinal="${key}"]`));
  const form = find("#use-take");
  // On a take that is auditioned already, Enter uses it; other controls keep their own Enter.
  const mayUse = form && !form.hidden && (!control || control.closest(".take") === auditionedTake());
  if (key === "Enter" && mayUse) action = () => form.requestSubmit();
  if (!action) return;
  event.preventDefault();
  action();
});

// ---- What a morph must not change, and what follows it -----------------------------------------

window.htmx.registerExtension("unfolded", {
  // A dialog or a list that a person opened stays open.
  htmx_before_morph_attr: (element, { attrName }) => !(attrName === "open" && element.matches("dialog, details")),
});

// A prompt that is being typed stays, whatever prompt the server sends meanwhile.
const protect = (dialog) => dialog?.setAttribute("hx-morph-skip", "");

document.addEventListener("toggle", ({ target }) => {
  if (target.matches(".retake[open]")) protect(target);
  if (target.id === "share") target.toggleAttribute("hx-morph-skip", target.open);
}, true);
document.addEventListener("input", (event) => protect(event.target.closest(".retake")));
document.addEventListener("htmx:before:request", (event) => {
  event.target.closest?.(".retake")?.removeAttribute("hx-morph-skip");
});
document.addEventListener("htmx:finally:request", (event) => {
  const dialog = event.target.closest?.(".retake");
  const { status } = event.detail.ctx.response ?? {};
  if (!dialog) return;
  if (status === 200 && !dialog.querySelector(".error")) dialog.close();
  else protect(dialog);
});

// A take that was auditioned and is chosen now is heard in the film, from where it was.
document.addEventListener("htmx:finally:request", (event) => {
  if (event.target.id !== "use-take" || !("chosen" in (auditionedTake()?.dataset ?? {}))) return;
  const start = filmTime() - player.time;
  setMode({ name: "chosen" }, { at: start });
});

document.addEventListener("htmx:after:swap", update);
new ResizeObserver(() => timeline.draw()).observe(document.getElementById("main"));
update();
