// The loudness of a sound over time, drawn as bars. Each stored file is read once.
const SAMPLE_RATE = 8000;
const SLICES_PER_SECOND = 50;
const BAR_DISTANCE = 4; // pixels
const loudnessBySource = new Map();

/** Read a sound file and return its loudness per slice, from 0 to 1; nothing if it cannot be read. */
async function readLoudness(src) {
  const answer = await fetch(src);
  if (!answer.ok) return [];
  // An offline context, because a context that plays would need a permission.
  const context = new OfflineAudioContext(1, 1, SAMPLE_RATE);
  const decoded = await context.decodeAudioData(await answer.arrayBuffer());
  const samples = decoded.getChannelData(0);
  const size = SAMPLE_RATE / SLICES_PER_SECOND;
  const peaks = Array.from({ length: Math.ceil(samples.length / size) }, (_, slice) => {
    let peak = 0;
    for (let at = slice * size; at < (slice + 1) * size && at < samples.length; at++) {
      peak = Math.max(peak, Math.abs(samples[at]));
    }
    return peak;
  });
  const highest = Math.max(...peaks, 0.01);
  return peaks.map((peak) => peak / highest);
}

/** Draw a sound into an SVG; `timeAt` maps a pixel to a second of the film. */
export async function drawWaveform(svg, src, timeAt) {
  if (!loudnessBySource.has(src)) loudnessBySource.set(src, readLoudness(src).catch(() => []));
  const loudness = await loudnessBySource.get(src);
  const { width, height } = svg.getBoundingClientRect();
  const bars = [];
  for (let x = BAR_DISTANCE / 2; x < width; x += BAR_DISTANCE) {
    const first = Math.floor(timeAt(x) * SLICES_PER_SECOND);
    const count = Math.round((timeAt(x + BAR_DISTANCE) - timeAt(x)) * SLICES_PER_SECOND);
    const slices = loudness.slice(first, first + Math.max(count, 1));
    if (!slices.length) continue;
    const half = Math.max((Math.max(...slices) * height) / 2, 0.75);
    bars.push(`M${x} ${(height / 2 - half).toFixed(1)}v${(2 * half).toFixed(1)}`);
  }
  svg.querySelector("path").setAttribute("d", bars.join(""));
}
