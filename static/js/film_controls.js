// The controls under the film player: play, position, marks of the shots, volumes, full screen.
import { formatTimecode } from "./timecode.js";

const IDLE_MS = 2500;

export class FilmControls {
  /** Connect the controls inside `root` with a SequencePlayer. */
  constructor(root, player) {
    this.root = root;
    this.player = player;
    this.scrub = root.querySelector(".scrub");
    root.querySelector(".player-controls").hidden = false;
    this.scrub.addEventListener("input", () => player.seek((this.scrub.value / 1000) * player.length));
    root.querySelector(".film-player-screen").addEventListener("click", () => player.toggle());
    root.addEventListener("click", (event) => {
      const action = event.target.closest("[data-do]")?.dataset.do;
      if (action === "toggle") player.toggle();
      if (action === "full") this.toggleFullScreen();
    });
    root.addEventListener("pointermove", () => this.wake());
    document.addEventListener("keydown", (event) => {
      const isTyping = event.target.closest("input, textarea, select");
      if (event.key === "f" && !event.ctrlKey && !isTyping) this.toggleFullScreen();
    });
    for (const slider of root.querySelectorAll("[data-level]")) this.connectVolume(slider);
    player.addEventListener("time", () => this.show());
    this.show();
  }

  /** Connect a slider with the volume of its sound. The browser keeps the value. */
  connectVolume(slider) {
    const name = `level:${slider.dataset.level}`;
    const sound = this.root.querySelector(`audio[data-voice="${slider.dataset.level}"]`);
    const apply = () => (sound.volume = slider.value / 100);
    slider.value = localStorage.getItem(name) ?? slider.value;
    apply();
    slider.addEventListener("input", () => {
      apply();
      localStorage.setItem(name, slider.value);
    });
  }

  toggleFullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen();
  }

  /** Show the controls, and hide them again after a while of play. */
  wake() {
    this.root.classList.remove("idle");
    clearTimeout(this.idleTimer);
    this.idleTimer = setTimeout(() => this.root.classList.toggle("idle", this.player.wantsPlay), IDLE_MS);
  }

  /** Update all controls from the state of the player. */
  show() {
    const { player, root } = this;
    const fraction = player.length ? player.time / player.length : 0;
    root.classList.toggle("playing", player.wantsPlay);
    if (!player.wantsPlay) root.classList.remove("idle");
    this.scrub.value = Math.round(fraction * 1000);
    this.scrub.style.setProperty("--played", `${fraction * 100}%`);
    this.scrub.setAttribute("aria-valuetext", formatTimecode(player.time));
    root.querySelector(".now").textContent = formatTimecode(player.time);
    root.querySelector(".length").textContent = formatTimecode(player.length);
    const text = player.wantsPlay ? root.dataset.pause : root.dataset.play;
    const label = root.querySelector(".film-player-label");
    if (label.textContent !== text) label.textContent = text;
    this.#showMarks();
  }

  #showMarks() {
    const { player, root } = this;
    const mark = (clip) => `M${((1000 * clip.start) / player.length).toFixed(1)} 0v1`;
    const marks = player.clips.slice(1).map(mark).join("");
    const path = root.querySelector(".film-player-marks path");
    if (path.getAttribute("d") !== marks) path.setAttribute("d", marks);
  }
}
