// One poll for the whole page. #live says where to ask, since when, and whether anything moves;
// the answer swaps what changed out of band, and #live itself. 204: nothing changed.
const SEEN = 3000;
const HIDDEN = 30000;
const UNANSWERED = 2; // polls in a row, before the page says so
let timer;
let failed = 0;

const live = () => document.getElementById("live");

async function look() {
  const state = live();
  if (!state) return;
  const address = new URL(state.dataset.url, location.origin);
  address.search = state.dataset.query;
  address.searchParams.set("since", state.dataset.since);
  if (document.querySelector("#pulse > [data-silent]")) address.searchParams.set("silent", "");
  let answered = false;
  const hear = (event) => (answered = event.detail.ctx.response.status < 500);
  state.addEventListener("htmx:after:request", hear, { once: true });
  try {
    await window.htmx.ajax("GET", address.href, { source: state, target: state, swap: "none" });
    document.title = live().dataset.title;
  } finally {
    failed = answered ? 0 : failed + 1;
    const told = document.getElementById("unreachable");
    if (told) told.hidden = failed < UNANSWERED;
    schedule();
  }
}

function schedule() {
  clearTimeout(timer);
  if (live()?.dataset.moving === "true") timer = setTimeout(look, document.hidden ? HIDDEN : SEEN);
}

function lookSoon() {
  clearTimeout(timer);
  timer = setTimeout(look, 300);
}

document.addEventListener("visibilitychange", () => (document.hidden ? schedule() : lookSoon()));
// Whatever a person just did may have set something moving.
document.addEventListener("htmx:after:request", (event) => {
  if (event.detail.ctx?.request?.method !== "GET") lookSoon();
});
schedule();
