// Plays all takes of a shot at once and in sync, silent, each in its own frame, for comparison.
const MAX_OFFSET = 0.05; // seconds that a video may differ from the leading one
const frames = () => [...document.querySelectorAll(".take[data-src] .take-sync")];
const videos = () => [...document.querySelectorAll(".take-sync video")];
const isEnabled = () => enabledSegment !== undefined;
let enabledSegment; // the shot whose takes play now

const shownSegment = () => document.getElementById("takes")?.dataset.segment;

/** Put a video of the take into its frame. */
function addVideo(frame) {
  const video = document.createElement("video");
  video.src = frame.closest(".take").dataset.src;
  Object.assign(video, { muted: true, playsInline: true, tabIndex: -1 });
  video.addEventListener("canplay", playWhenReady, { once: true });
  frame.replaceChildren(video);
}

function playWhenReady() {
  if (!isEnabled() || !videos().every((video) => video.readyState >= 3)) return;
  playAll();
}

/** Play all videos from the beginning. */
function playAll() {
  for (const video of videos()) {
    video.currentTime = 0;
    video.play().catch((error) => {
      if (error.name !== "AbortError") throw error; // the video was removed meanwhile
    });
  }
  requestAnimationFrame(synchronize);
}

/** Keep the videos in sync with the longest one; at its end all of them start again. */
function synchronize() {
  const all = videos();
  if (!isEnabled() || !all.length) return;
  const leader = all.reduce((one, other) => (other.duration > one.duration ? other : one));
  if (leader.ended) return playAll();
  for (const video of all) {
    const offset = video.currentTime - leader.currentTime;
    if (!video.ended && Math.abs(offset) > MAX_OFFSET) video.playbackRate = 1 - Math.sign(offset) * 0.05;
    else if (video.playbackRate !== 1) video.playbackRate = 1;
  }
  requestAnimationFrame(synchronize);
}

/** Remove all videos. */
function stop() {
  enabledSegment = undefined;
  for (const frame of document.querySelectorAll(".take-sync")) frame.replaceChildren();
  updateButton();
}

/** Show the button where there is something to compare; stop if another shot is shown. */
function updateButton() {
  const button = document.getElementById("play-in-sync");
  if (isEnabled() && enabledSegment !== shownSegment()) return stop();
  if (!button) return undefined;
  button.hidden = frames().length < 2;
  return button.setAttribute("aria-pressed", String(isEnabled()));
}

document.addEventListener("click", (event) => {
  if (event.target.closest("#play-in-sync")) {
    if (isEnabled()) return stop();
    enabledSegment = shownSegment();
    frames().forEach(addVideo);
    return updateButton();
  }
  if (isEnabled() && event.target.closest("[data-audition], [data-mode], [data-play-cut]")) stop();
  return undefined;
});
document.addEventListener("keydown", (event) => event.key === "Escape" && isEnabled() && stop());
document.addEventListener("htmx:after:swap", updateButton);
updateButton();
