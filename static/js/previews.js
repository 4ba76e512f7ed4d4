// A clip plays small while the pointer rests on it: after 250 ms, one at a time, and its source is
// dropped on leaving, so that nothing stays in memory.
const WAIT = 250;
const still = matchMedia("(prefers-reduced-motion: reduce)");
let timer;
let playing;

function start(video) {
  stop();
  playing = video;
  video.src = video.dataset.preview;
  video.addEventListener("playing", () => video === playing && video.classList.add("on"), { once: true });
  video.play().catch((error) => {
    if (error.name !== "AbortError") throw error; // the pointer left before it could play
  });
}

function stop() {
  clearTimeout(timer);
  if (!playing) return;
  playing.classList.remove("on");
  playing.pause();
  playing.removeAttribute("src");
  playing.load();
  playing = undefined;
}

document.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "mouse" || still.matches) return;
  const video = event.target.closest(".card")?.querySelector(".preview");
  if (video === playing && playing) return;
  stop();
  if (video) timer = setTimeout(() => start(video), WAIT);
});

document.addEventListener("pointerleave", stop);
document.addEventListener("visibilitychange", () => document.hidden && stop());
