// Our controls on a native <video>. Keys: space or K plays, J and L (or the arrows) go five seconds,
// comma and full stop one frame, F fills the screen, M mutes. Without script the native controls stay.
const STEP = 5;
const SPEEDS = [1, 1.5, 2, 0.5];
const IDLE = 2500;

class Player {
  constructor(root) {
    this.root = root;
    this.video = root.querySelector("video");
    this.scrub = root.querySelector(".scrub");
    this.frame = 1 / (Number(root.dataset.fps) || 24);
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
    this.scrub.addEventListener("input", () => this.go((this.scrub.value / 1000) * this.length));
    this.root.addEventListener("click", (event) => {
      const name = event.target.closest("[data-do]")?.dataset.do;
      if (name) this[name]();
    });
    this.root.addEventListener("pointermove", () => this.wake());
    document.addEventListener("keydown", (event) => this.key(event));
  }

  get length() {
    return Number.isFinite(this.video.duration) ? this.video.duration : 0;
  }

  key(event) {
    if (!this.root.isConnected) return; // another clip took its place
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not(.scrub), textarea, select, dialog[open]")) return;
    if (event.key === " " && event.target.closest("button, a, summary")) return;
    const act = {
      " ": () => this.toggle(),
      k: () => this.toggle(),
      j: () => this.go(this.video.currentTime - STEP),
      l: () => this.go(this.video.currentTime + STEP),
      ArrowLeft: () => this.go(this.video.currentTime - STEP),
      ArrowRight: () => this.go(this.video.currentTime + STEP),
      ",": () => this.back(),
      ".": () => this.forth(),
      f: () => this.full(),
      m: () => this.mute(),
    }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    this.wake();
    act();
  }

  toggle() {
    if (this.video.paused) this.video.play();
    else this.video.pause();
  }

  go(second) {
    this.video.currentTime = Math.min(Math.max(second, 0), this.length);
  }

  back() {
    this.video.pause();
    this.go(this.video.currentTime - this.frame);
  }

  forth() {
    this.video.pause();
    this.go(this.video.currentTime + this.frame);
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

  wake() {
    this.root.classList.remove("idle");
    clearTimeout(this.sleep);
    this.sleep = setTimeout(() => this.root.classList.toggle("idle", !this.video.paused), IDLE);
  }

  follow() {
    this.show();
    if (!this.video.paused) requestAnimationFrame(() => this.follow());
  }

  show() {
    const { video, root } = this;
    const share = this.length ? video.currentTime / this.length : 0;
    root.classList.toggle("playing", !video.paused);
    root.classList.toggle("muted", video.muted || video.volume === 0);
    if (video.paused) root.classList.remove("idle");
    this.scrub.value = Math.round(share * 1000);
    this.scrub.style.setProperty("--played", `${share * 100}%`);
    this.scrub.setAttribute("aria-valuetext", clock(video.currentTime));
    root.querySelector(".now").textContent = clock(video.currentTime);
    if (this.length) root.querySelector(".length").textContent = clock(this.length);
    this.name("toggle", video.paused ? root.dataset.play : root.dataset.pause);
    this.name("mute", video.muted ? root.dataset.unmute : root.dataset.mute);
  }

  name(button, word) {
    this.root.querySelector(`[data-do=${button}]`).setAttribute("aria-label", word);
  }
}

function clock(seconds) {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds - minutes * 60).toFixed(2).padStart(5, "0")}`;
}

function begin() {
  const root = document.querySelector(".player:not([data-begun])");
  if (!root) return;
  root.dataset.begun = "";
  new Player(root);
}

begin();
// The clip may arrive while its page is open.
document.addEventListener("htmx:after:swap", begin);
