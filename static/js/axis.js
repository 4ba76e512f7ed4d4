// The time axis: what is chosen, where a second of the film lies, the playhead and the waves.
import { draw } from "./waves.js";

const shots = () => [...document.querySelectorAll(".axis-shot")];
const seconds = (element) => Number(element.dataset.ms) / 1000;

export class Axis {
  // What is played: the chosen takes that are here.
  pieces() {
    return shots()
      .filter((shot) => shot.dataset.src)
      .map((shot) => ({ src: shot.dataset.src, length: seconds(shot) }));
  }

  // Whether some shot has nothing that could be played.
  get lacks() {
    return shots().some((shot) => !shot.dataset.src);
  }

  voices() {
    const heard = [...document.querySelectorAll(".axis-sound[data-src]")];
    return Object.fromEntries(heard.map((sound) => [sound.dataset.voice, sound.dataset.src]));
  }

  // Each shot with where it lies on the axis, in pixels, and when, in seconds.
  #places() {
    const left = document.querySelector(".axis-rows").getBoundingClientRect().left;
    return shots().map((shot) => {
      const box = shot.getBoundingClientRect();
      return { x: box.left - left, width: box.width, start: Number(shot.dataset.start) / 1000, length: seconds(shot) };
    });
  }

  point(time) {
    const marker = document.querySelector("#playhead g");
    const places = marker ? this.#places() : [];
    const place = places.findLast((one) => one.start <= time) ?? places[0];
    if (!place) return;
    const share = Math.min((time - place.start) / place.length, 1);
    marker.setAttribute("transform", `translate(${(place.x + share * place.width).toFixed(1)} 0)`);
  }

  draw() {
    const rows = document.querySelector(".axis-rows");
    if (!rows) return;
    const places = this.#places();
    for (const sound of document.querySelectorAll(".axis-sound[data-src]")) {
      const svg = sound.querySelector(".wave");
      const inset = svg.getBoundingClientRect().left - rows.getBoundingClientRect().left;
      draw(svg, sound.dataset.src, (x) => timeAt(places, x + inset));
    }
  }
}

function timeAt(places, x) {
  const place = places.findLast((one) => one.x <= x) ?? places[0];
  return place ? place.start + ((x - place.x) / place.width) * place.length : 0;
}
