// How loud a sound is over its time, drawn as bars: read from the stored file, once.
const RATE = 8000;
const SLICES = 50; // a second
const STEP = 4; // pixels from bar to bar
const known = new Map();

async function slices(src) {
  const answer = await fetch(src);
  if (!answer.ok) return [];
  const context = new OfflineAudioContext(1, 1, RATE); // one that plays would ask for permission
  const decoded = await context.decodeAudioData(await answer.arrayBuffer());
  const samples = decoded.getChannelData(0);
  const size = RATE / SLICES;
  const loud = Array.from({ length: Math.ceil(samples.length / size) }, (_, nth) => {
    let most = 0;
    for (let at = nth * size; at < (nth + 1) * size && at < samples.length; at++) {
      most = Math.max(most, Math.abs(samples[at]));
    }
    return most;
  });
  const loudest = Math.max(...loud, 0.01);
  return loud.map((one) => one / loudest);
}

// timeAt: the second of the film that a pixel of the axis stands for.
export async function draw(svg, src, timeAt) {
  if (!known.has(src)) known.set(src, slices(src).catch(() => []));
  const loud = await known.get(src);
  const { width, height } = svg.getBoundingClientRect();
  const bars = [];
  for (let x = STEP / 2; x < width; x += STEP) {
    const at = Math.floor(timeAt(x) * SLICES);
    const seen = loud.slice(at, at + Math.max(Math.round((timeAt(x + STEP) - timeAt(x)) * SLICES), 1));
    if (!seen.length) continue;
    const half = Math.max((Math.max(...seen) * height) / 2, 0.75);
    bars.push(`M${x} ${(height / 2 - half).toFixed(1)}v${(2 * half).toFixed(1)}`);
  }
  svg.querySelector("path").setAttribute("d", bars.join(""));
}
