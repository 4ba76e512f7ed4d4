// Controls of our own on a native <video>. Keys: space or K plays, J and L (or the arrows) go five
// seconds, comma and full stop go one frame, F fills the screen, M mutes. Without script the native
// controls stay.
import { formatTimecode } from "./timecode.js";

const STEP_SECONDS = 5;
const SPEEDS = [1, 1.5, 2, 0.5];
const IDLE_MS = 2500;
const DEFAULT_FPS = 24;

/** The player of one clip. The buttons name its methods in data-do. */
class Player {
  constructor(root) {
    this.root = root;
    this.video = root.querySelector("video");
    this.scrub = root.querySelector(".scrub");
    this.frameLength = 1 / (Number(root.dataset.fps) || DEFAULT_FPS);
    this.video.controls = false;
    root.querySelector(".player-controls").hidden = false;
    this.listen();
    this.show();
  }

  listen() {
    const events = ["play", "pause", "volumechange", "timeupdate", "loadedmetadata", "seeked"];
    for (const name of events) this.video.addEventListener(name, () => this.show());
    this.video.addEventListener("play", () => this.follow());
    this.video.addEventListener("click", () => this.toggle());
    this.scrub.addEventListener("input", () => this.seek((this.scrub.value / 1000) * this.length));
    this.root.addEventListener("click", (event) => {
      const method = event.target.closest("[data-do]")?.dataset.do;
      if (method) this[method]();
    });
    this.root.addEventListener("pointermove", () => this.wake());
    document.addEventListener("keydown", (event) => this.handleKey(event));
  }

  get length() {
    return Number.isFinite(this.video.duration) ? this.video.duration : 0;
  }

  handleKey(event) {
    if (!this.root.isConnected) return; // another clip replaced it
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not(.scrub), textarea, select, dialog[open]")) return;
    if (event.key === " " && event.target.closest("button, a, summary")) return;
    const action = {
      " ": () => this.toggle(),
      k: () => this.toggle(),
      j: () => this.seek(this.video.currentTime - STEP_SECONDS),
      l: () => this.seek(this.video.currentTime + STEP_SECONDS),
      ArrowLeft: () => this.seek(this.video.currentTime - STEP_SECONDS),
      ArrowRight: () => this.seek(this.video.currentTime + STEP_SECONDS),
      ",": () => this.back(),
      ".": () => this.forth(),
      f: () => this.full(),
      m: () => this.mute(),
    }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    this.wake();
    action();
  }

  toggle() {
    if (this.video.paused) this.video.play();
    else this.video.pause();
  }

  seek(second) {
    this.video.currentTime = Math.min(Math.max(second, 0), this.length);
  }

  back() {
    this.video.pause();
    this.seek(this.video.currentTime - this.frameLength);
  }

  forth() {
    this.video.pause();
    this.seek(this.video.currentTime + this.frameLength);
  }

  speed() {
    const next = (SPEEDS.indexOf(this.video.playbackRate) + 1) % SPEEDS.length;
    this.video.playbackRate = SPEEDS[next];
    this.root.querySelector(".speed").textContent = `${SPEEDS[next]}×`;
  }

  loop() {
    this.video.loop = !this.video.loop;
    this.root.querySelector("[data-do=loop]").setAttribute("aria-pressed", String(this.video.loop));
  }

  mute() {
    this.video.muted = !this.video.muted;
  }

  full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen();
  }

  /** Show the controls, and hide them again after a while of play. */
  wake() {
    this.root.classList.remove("idle");
    clearTimeout(this.idleTimer);
    this.idleTimer = setTimeout(() => this.root.classList.toggle("idle", !this.video.paused), IDLE_MS);
  }

  /** Update the position on every frame while the video plays. */
  follow() {
    this.show();
    if (!this.video.paused) requestAnimationFrame(() => this.follow());
  }

  /** Update all controls from the state of the video. */
  show() {
    const { video, root } = this;
    const fraction = this.length ? video.currentTime / this.length : 0;
    root.classList.toggle("playing", !video.paused);
    root.classList.toggle("muted", video.muted || video.volume === 0);
    if (video.paused) root.classList.remove("idle");
    this.scrub.value = Math.round(fraction * 1000);
    this.scrub.style.setProperty("--played", `${fraction * 100}%`);
    this.scrub.setAttribute("aria-valuetext", formatTimecode(video.currentTime));
    root.querySelector(".now").textContent = formatTimecode(video.currentTime);
    if (this.length) root.querySelector(".length").textContent = formatTimecode(this.length);
    this.setLabel("toggle", video.paused ? root.dataset.play : root.dataset.pause);
    this.setLabel("mute", video.muted ? root.dataset.unmute : root.dataset.mute);
  }

  setLabel(button, label) {
    this.root.querySelector(`[data-do=${button}]`).setAttribute("aria-label", label);
  }
}

/** Start the player of the clip that the page shows now. */
function begin() {
  const root = document.querySelector(".player:not([data-begun])");
  if (!root) return;
  root.dataset.begun = "";
  new Player(root);
}

begin();
// The clip may become ready while its page is open.
document.addEventListener("htmx:after:swap", begin);
