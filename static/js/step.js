// All takes of a shot at once, silent, each in its own frame, so that an eye can compare them.
const OFF = 0.05; // seconds that one may be off from the first
const frames = () => [...document.querySelectorAll(".take[data-src] .take-step")];
const films = () => [...document.querySelectorAll(".take-step video")];
let at; // the shot whose takes play

const shot = () => document.getElementById("takes")?.dataset.at;

function screen(frame) {
  const video = document.createElement("video");
  video.src = frame.closest(".take").dataset.src;
  Object.assign(video, { muted: true, playsInline: true, tabIndex: -1 });
  video.addEventListener("canplay", start, { once: true });
  frame.replaceChildren(video);
}

function start() {
  if (at === undefined || !films().every((video) => video.readyState >= 3)) return;
  run();
}

function run() {
  for (const video of films()) {
    video.currentTime = 0;
    video.play().catch((error) => {
      if (error.name !== "AbortError") throw error; // it was taken away meanwhile
    });
  }
  requestAnimationFrame(keepStep);
}

// The longest leads; when it is over all of them begin again together.
function keepStep() {
  const all = films();
  if (at === undefined || !all.length) return;
  const lead = all.reduce((one, other) => (other.duration > one.duration ? other : one));
  if (lead.ended) return run();
  for (const video of all) {
    const off = video.currentTime - lead.currentTime;
    if (!video.ended && Math.abs(off) > OFF) video.playbackRate = 1 - Math.sign(off) * 0.05;
    else if (video.playbackRate !== 1) video.playbackRate = 1;
  }
  requestAnimationFrame(keepStep);
}

function stop() {
  at = undefined;
  for (const frame of document.querySelectorAll(".take-step")) frame.replaceChildren();
  show();
}

function show() {
  const button = document.getElementById("in-step");
  if (at !== undefined && at !== shot()) return stop();
  if (!button) return undefined;
  button.hidden = frames().length < 2;
  return button.setAttribute("aria-pressed", String(at !== undefined));
}

document.addEventListener("click", (event) => {
  if (event.target.closest("#in-step")) {
    if (at !== undefined) return stop();
    at = shot();
    frames().forEach(screen);
    return show();
  }
  if (at !== undefined && event.target.closest("[data-audition], [data-mode], [data-play-cut]")) stop();
  return undefined;
});
document.addEventListener("keydown", (event) => event.key === "Escape" && at !== undefined && stop());
document.addEventListener("htmx:after:swap", show);
show();
