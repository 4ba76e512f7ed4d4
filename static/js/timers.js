// <time data-tick datetime="…"> counts the seconds since that moment: 0:05, 1:12, 1:02:03.
// <time data-until datetime="…"> counts down to it. An arc with data-from and data-seconds fills at
// the speed of past clips; it never shows 100 %, because only the provider can say that it is done.
const MAX_ESTIMATE_PERCENT = 99;
const secondsSince = (moment) => Math.floor((Date.now() - Date.parse(moment)) / 1000);
const twoDigits = (number) => String(number).padStart(2, "0");

/** Format seconds as m:ss, or h:mm:ss from one hour on. */
function formatDuration(total) {
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = twoDigits(total % 60);
  return hours ? `${hours}:${twoDigits(minutes)}:${seconds}` : `${minutes}:${seconds}`;
}

/** Update every timer of the page. */
function update() {
  if (document.hidden) return;
  for (const time of document.querySelectorAll("time[data-tick]")) {
    time.textContent = formatDuration(Math.max(0, secondsSince(time.dateTime)));
  }
  for (const time of document.querySelectorAll("time[data-until]")) {
    time.textContent = formatDuration(Math.max(0, -secondsSince(time.dateTime)));
  }
  for (const arc of document.querySelectorAll(".arc[data-from]")) {
    const elapsed = Math.max(0, secondsSince(arc.dataset.from));
    const percent = (100 * elapsed) / Math.max(1, Number(arc.dataset.seconds));
    const shown = Math.min(MAX_ESTIMATE_PERCENT, Math.round(percent));
    arc.setAttribute("stroke-dasharray", `${shown} 100`);
  }
}

setInterval(update, 1000);
