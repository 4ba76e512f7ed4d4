// A collection is arranged by drag, or by the arrow keys on a clip's handle. The page shows the new
// order at once and sends the whole of it; the answer is the collection as the server has it then.
import "./live.js";
import "./previews.js";

const WAIT = 400; // keys come in runs
const list = () => document.getElementById("places");
const places = () => [...list().querySelectorAll(".place")];
let timer;
let sortable;

function send() {
  clearTimeout(timer);
  const items = places().map((place) => place.dataset.place).join(",");
  window.htmx.ajax("POST", list().dataset.order, { source: list(), swap: "none", values: { items } });
}

function number() {
  places().forEach((place, at) => (place.querySelector(".place-number").textContent = at + 1));
}

function tell(place) {
  const said = { title: place.dataset.title, place: places().indexOf(place) + 1, count: places().length };
  const words = list().dataset.moved.replace(/\{(\w+)\}/g, (_, name) => said[name]);
  document.getElementById("moved").textContent = words;
}

function move(place, key) {
  const all = places();
  const at = all.indexOf(place);
  const to = { ArrowLeft: at - 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[key];
  if (to === undefined || to === at || !all[to]) return;
  if (to < at) all[to].before(place);
  else all[to].after(place);
  place.querySelector(".grip").focus();
  number();
  tell(place);
  clearTimeout(timer);
  timer = setTimeout(send, WAIT);
}

// While a clip hangs on the pointer no answer may put the list in order under it.
function begin() {
  if (!list()?.dataset.order || sortable?.el === list()) return;
  sortable = new window.Sortable(list(), {
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 220,
    draggable: ".place",
    filter: ".place-menu",
    preventOnFilter: false,
    delay: 180,
    delayOnTouchOnly: true,
    ghostClass: "is-moving",
    onStart: () => list().setAttribute("hx-morph-skip", ""),
    onEnd: (event) => {
      list().removeAttribute("hx-morph-skip");
      if (event.oldIndex === event.newIndex) return;
      number();
      tell(event.item);
      send();
    },
  });
}

document.addEventListener("keydown", (event) => {
  const place = event.target.closest(".grip")?.closest(".place");
  if (!place || !/^(Arrow|Home$|End$)/.test(event.key)) return;
  event.preventDefault();
  move(place, event.key);
});
document.addEventListener("htmx:after:swap", begin);
document.addEventListener("htmx:response:error", () => location.reload());
begin();
