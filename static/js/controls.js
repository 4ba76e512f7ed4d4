// The controls under a cut: play, position, where the shots change, levels, the whole screen.
import { clock } from "./time.js";

const IDLE = 2500;

export class Controls {
  constructor(root, cut) {
    this.root = root;
    this.cut = cut;
    this.scrub = root.querySelector(".scrub");
    root.querySelector(".player-controls").hidden = false;
    this.scrub.addEventListener("input", () => cut.seek((this.scrub.value / 1000) * cut.length));
    root.querySelector(".cut-screen").addEventListener("click", () => cut.toggle());
    root.addEventListener("click", (event) => {
      const name = event.target.closest("[data-do]")?.dataset.do;
      if (name === "toggle") cut.toggle();
      if (name === "full") this.full();
    });
    root.addEventListener("pointermove", () => this.wake());
    document.addEventListener("keydown", (event) => {
      if (event.key === "f" && !event.ctrlKey && !event.target.closest("input, textarea, select")) this.full();
    });
    for (const level of root.querySelectorAll("[data-level]")) this.level(level);
    cut.addEventListener("time", () => this.show());
    this.show();
  }

  // A level is kept for this browser.
  level(slider) {
    const name = `level:${slider.dataset.level}`;
    const sound = this.root.querySelector(`audio[data-voice="${slider.dataset.level}"]`);
    const set = () => (sound.volume = slider.value / 100);
    slider.value = localStorage.getItem(name) ?? slider.value;
    set();
    slider.addEventListener("input", () => {
      set();
      localStorage.setItem(name, slider.value);
    });
  }

  full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen();
  }

  wake() {
    this.root.classList.remove("idle");
    clearTimeout(this.sleep);
    this.sleep = setTimeout(() => this.root.classList.toggle("idle", this.cut.wanted), IDLE);
  }

  show() {
    const { cut, root } = this;
    const share = cut.length ? cut.time / cut.length : 0;
    const word = cut.wanted ? root.dataset.pause : root.dataset.play;
    root.classList.toggle("playing", cut.wanted);
    if (!cut.wanted) root.classList.remove("idle");
    this.scrub.value = Math.round(share * 1000);
    this.scrub.style.setProperty("--played", `${share * 100}%`);
    this.scrub.setAttribute("aria-valuetext", clock(cut.time));
    root.querySelector(".now").textContent = clock(cut.time);
    root.querySelector(".length").textContent = clock(cut.length);
    const said = root.querySelector(".cut-word");
    if (said.textContent !== word) said.textContent = word;
    const marks = cut.pieces.slice(1).map((piece) => `M${((1000 * piece.start) / cut.length).toFixed(1)} 0v1`);
    const path = root.querySelector(".cut-marks path");
    if (path.getAttribute("d") !== marks.join("")) path.setAttribute("d", marks.join(""));
  }
}
