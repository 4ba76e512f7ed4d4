// Two cuts in step: the left one leads, the right one follows it; only one of them is heard.
import { clock } from "./time.js";

const OFF = 0.04; // seconds that a little more speed takes back
const FAR = 0.3;
const root = document.getElementById("compare");
const [lead, other] = root.querySelectorAll("video");

if (other) begin();

function begin() {
  const controls = root.querySelector(".compare-controls");
  const scrub = controls.querySelector(".scrub");
  const length = () => Math.max(...[lead, other].map((video) => video.duration || 0));
  const longest = () => ((other.duration || 0) > (lead.duration || 0) ? other : lead);

  const toggle = () => (longest().paused ? play() : [lead, other].forEach((video) => video.pause()));
  const go = (seconds) => [lead, other].forEach((video) => (video.currentTime = Math.min(seconds, video.duration || 0)));
  const ends = (video) => video.currentTime >= (video.duration || 0) - 0.05;

  function play() {
    if (ends(longest())) go(0);
    for (const video of [lead, other]) if (!ends(video)) video.play();
  }

  function keepStep() {
    const off = other.currentTime - lead.currentTime;
    const both = !lead.paused && !other.paused;
    if (both && Math.abs(off) > FAR && !other.seeking) other.currentTime = lead.currentTime;
    // The leader waits for what is not there yet; to seek once more would only begin anew.
    lead.playbackRate = both && other.readyState < other.HAVE_FUTURE_DATA && !other.error ? 0 : 1;
    other.playbackRate = both && Math.abs(off) > OFF ? 1 - Math.sign(off) * 0.05 : 1;
  }

  function show() {
    const now = longest().currentTime;
    const share = length() ? now / length() : 0;
    const plays = !longest().paused;
    root.classList.toggle("playing", plays);
    controls.querySelector("[data-do]").setAttribute("aria-label", plays ? root.dataset.pause : root.dataset.play);
    scrub.value = Math.round(share * 1000);
    scrub.style.setProperty("--played", `${share * 100}%`);
    scrub.setAttribute("aria-valuetext", clock(now));
    root.querySelector(".now").textContent = clock(now);
    root.querySelector(".length").textContent = clock(length());
  }

  function turn() {
    keepStep();
    show();
    if (!longest().paused) requestAnimationFrame(turn);
  }

  controls.hidden = false;
  for (const video of [lead, other]) {
    video.controls = false;
    for (const name of ["pause", "seeked", "loadedmetadata"]) video.addEventListener(name, show);
    video.addEventListener("click", toggle);
    video.addEventListener("play", turn);
  }
  controls.querySelector("[data-do]").addEventListener("click", toggle);
  scrub.addEventListener("input", () => go((scrub.value / 1000) * length()));
  for (const [nth, button] of root.querySelectorAll("[data-hear]").entries()) {
    button.hidden = false;
    button.addEventListener("click", () => hear(nth));
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = {
      " ": event.target.closest("button, a, summary") ? undefined : toggle,
      ArrowLeft: () => go(longest().currentTime - 1),
      ArrowRight: () => go(longest().currentTime + 1),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  show();
}

function hear(nth) {
  for (const [place, video] of [lead, other].entries()) video.muted = place !== nth;
  for (const [place, button] of root.querySelectorAll("[data-hear]").entries()) {
    button.setAttribute("aria-pressed", String(place === nth));
  }
}
