// Plays two cuts in sync: the first video leads, the second follows it, and only one of them is heard.
import { formatTimecode } from "./timecode.js";

const SMALL_OFFSET = 0.04; // seconds, corrected by a small change of speed
const LARGE_OFFSET = 0.3; // seconds, corrected by a seek
const END_TOLERANCE = 0.05; // seconds
const root = document.getElementById("compare");
const [leader, follower] = root.querySelectorAll("video");

if (follower) begin();

/** Replace the native controls with common ones for both videos. */
function begin() {
  const videos = [leader, follower];
  const controls = root.querySelector(".compare-controls");
  const playButton = controls.querySelector("[data-do]");
  const scrub = controls.querySelector(".scrub");
  const length = () => Math.max(...videos.map((video) => video.duration || 0));
  const longest = () => ((follower.duration || 0) > (leader.duration || 0) ? follower : leader);

  const toggle = () => (longest().paused ? play() : videos.forEach((video) => video.pause()));
  const seek = (seconds) => videos.forEach((video) => (video.currentTime = Math.min(seconds, video.duration || 0)));
  const hasEnded = (video) => video.currentTime >= (video.duration || 0) - END_TOLERANCE;

  function play() {
    if (hasEnded(longest())) seek(0);
    for (const video of videos) if (!hasEnded(video)) video.play();
  }

  function synchronize() {
    const offset = follower.currentTime - leader.currentTime;
    const bothPlay = !leader.paused && !follower.paused;
    if (bothPlay && Math.abs(offset) > LARGE_OFFSET && !follower.seeking) follower.currentTime = leader.currentTime;
    // The leader waits for the follower's missing data. Another seek would only load it again.
    const isLoading = follower.readyState < follower.HAVE_FUTURE_DATA && !follower.error;
    leader.playbackRate = bothPlay && isLoading ? 0 : 1;
    follower.playbackRate = bothPlay && Math.abs(offset) > SMALL_OFFSET ? 1 - Math.sign(offset) * 0.05 : 1;
  }

  function show() {
    const now = longest().currentTime;
    const fraction = length() ? now / length() : 0;
    const isPlaying = !longest().paused;
    root.classList.toggle("playing", isPlaying);
    playButton.setAttribute("aria-label", isPlaying ? root.dataset.pause : root.dataset.play);
    scrub.value = Math.round(fraction * 1000);
    scrub.style.setProperty("--played", `${fraction * 100}%`);
    scrub.setAttribute("aria-valuetext", formatTimecode(now));
    root.querySelector(".now").textContent = formatTimecode(now);
    root.querySelector(".length").textContent = formatTimecode(length());
  }

  function update() {
    synchronize();
    show();
    if (!longest().paused) requestAnimationFrame(update);
  }

  controls.hidden = false;
  for (const video of videos) {
    video.controls = false;
    for (const name of ["pause", "seeked", "loadedmetadata"]) video.addEventListener(name, show);
    video.addEventListener("click", toggle);
    video.addEventListener("play", update);
  }
  playButton.addEventListener("click", toggle);
  scrub.addEventListener("input", () => seek((scrub.value / 1000) * length()));
  for (const [index, button] of root.querySelectorAll("[data-hear]").entries()) {
    button.hidden = false;
    button.addEventListener("click", () => hear(index));
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = {
      " ": event.target.closest("button, a, summary") ? undefined : toggle,
      ArrowLeft: () => seek(longest().currentTime - 1),
      ArrowRight: () => seek(longest().currentTime + 1),
    }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  show();
}

/** Unmute one of the two videos and mute the other. */
function hear(index) {
  for (const [position, video] of [leader, follower].entries()) video.muted = position !== index;
  for (const [position, button] of root.querySelectorAll("[data-hear]").entries()) {
    button.setAttribute("aria-pressed", String(position === index));
  }
}
