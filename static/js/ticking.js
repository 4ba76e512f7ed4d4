// <time data-tick datetime="…"> counts up in seconds since then: 0:05, 1:12, 1:02:03; one with
// data-until counts down to then; an arc with data-from and data-seconds fills by what past clips
// took, but never says done.
const MOST_GUESSED = 99;
const passed = (moment) => Math.floor((Date.now() - Date.parse(moment)) / 1000);
const since = (moment) => Math.max(0, passed(moment));
const two = (number) => String(number).padStart(2, "0");

function clock(total) {
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = total % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

function tick() {
  if (document.hidden) return;
  for (const time of document.querySelectorAll("time[data-tick]")) {
    time.textContent = clock(since(time.dateTime));
  }
  for (const time of document.querySelectorAll("time[data-until]")) {
    time.textContent = clock(Math.max(0, -passed(time.dateTime)));
  }
  for (const arc of document.querySelectorAll(".arc[data-from]")) {
    const share = (100 * since(arc.dataset.from)) / Math.max(1, Number(arc.dataset.seconds));
    arc.setAttribute("stroke-dasharray", `${Math.min(MOST_GUESSED, Math.round(share))} 100`);
  }
}

setInterval(tick, 1000);
