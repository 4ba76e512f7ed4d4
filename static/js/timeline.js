// The timeline of a film: its chosen takes, the position of each second, the playhead, the waveforms.
import { drawWaveform } from "./waveform.js";

const allShots = () => [...document.querySelectorAll(".timeline-shot")];
const lengthOf = (element) => Number(element.dataset.ms) / 1000;

export class Timeline {
  /** Return the chosen takes whose file is stored, as clips for a SequencePlayer. */
  clips() {
    return allShots()
      .filter((shot) => shot.dataset.src)
      .map((shot) => ({ src: shot.dataset.src, length: lengthOf(shot) }));
  }

  get hasMissingShots() {
    return allShots().some((shot) => !shot.dataset.src);
  }

  /** Return the address of each sound by its name: narration, music. */
  sounds() {
    const stored = [...document.querySelectorAll(".timeline-sound[data-src]")];
    return Object.fromEntries(stored.map((sound) => [sound.dataset.voice, sound.dataset.src]));
  }

  // Each shot with its position on the timeline in pixels, and its time in seconds.
  #positions() {
    const left = document.querySelector(".timeline-tracks").getBoundingClientRect().left;
    return allShots().map((shot) => {
      const box = shot.getBoundingClientRect();
      const start = Number(shot.dataset.start) / 1000;
      return { x: box.left - left, width: box.width, start, length: lengthOf(shot) };
    });
  }

  /** Move the playhead to a second of the film. */
  movePlayhead(time) {
    const marker = document.querySelector("#playhead g");
    const positions = marker ? this.#positions() : [];
    const shot = positions.findLast((one) => one.start <= time) ?? positions[0];
    if (!shot) return;
    const fraction = Math.min((time - shot.start) / shot.length, 1);
    marker.setAttribute("transform", `translate(${(shot.x + fraction * shot.width).toFixed(1)} 0)`);
  }

  /** Draw the waveform of each sound. */
  draw() {
    const tracks = document.querySelector(".timeline-tracks");
    if (!tracks) return;
    const positions = this.#positions();
    for (const sound of document.querySelectorAll(".timeline-sound[data-src]")) {
      const svg = sound.querySelector(".wave");
      const inset = svg.getBoundingClientRect().left - tracks.getBoundingClientRect().left;
      drawWaveform(svg, sound.dataset.src, (x) => timeAt(positions, x + inset));
    }
  }
}

/** Return the second of the film at a pixel of the timeline. */
function timeAt(positions, x) {
  const shot = positions.findLast((one) => one.x <= x) ?? positions[0];
  return shot ? shot.start + ((x - shot.x) / shot.width) * shot.length : 0;
}
