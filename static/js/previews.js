// A clip plays small while the pointer rests on its card: after a delay, one clip at a time. Its
// source is removed when the pointer leaves, so that no video stays in memory.
const DELAY_MS = 250;
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
let timer;
let playing;

/** Load and play the preview of one card. */
function start(video) {
  stop();
  playing = video;
  video.src = video.dataset.preview;
  video.addEventListener("playing", () => video === playing && video.classList.add("on"), { once: true });
  video.play().catch((error) => {
    if (error.name !== "AbortError") throw error; // the pointer left before it could play
  });
}

/** Stop the preview that plays and unload its video. */
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
  if (event.pointerType !== "mouse" || reducedMotion.matches) return;
  const video = event.target.closest(".card")?.querySelector(".preview");
  if (video === playing && playing) return;
  stop();
  if (video) timer = setTimeout(() => start(video), DELAY_MS);
});

document.addEventListener("pointerleave", stop);
document.addEventListener("visibilitychange", () => document.hidden && stop());
