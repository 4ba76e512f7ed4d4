// Plays a cut that nobody has composed: takes back to back on two stacked <video>, voice and music
// on <audio>, all of them by one clock. The next take is loaded unseen and runs a moment before
// its time; then the two change places. Of two stacked videos the upper one without a picture is
// transparent, so that the last picture stays until the next one is there.
const SOUND = { begins: 0.045, ends: 0.015, nudge: 0.03 }; // seconds off, and of its speed
const LOST = 0.25; // seconds off, from where on it jumps
const SLEW = 0.1; // of what the clock is off goes at each turn
const LONGEST_LEAD = 0.3;
const LONGEST_START = 500; // milliseconds

class Clock {
  #at = 0;
  #since;

  get runs() {
    return this.#since !== undefined;
  }

  get now() {
    return this.#at + (this.runs ? (performance.now() - this.#since) / 1000 : 0);
  }

  set(seconds) {
    this.#at = seconds;
    if (this.runs) this.#since = performance.now();
  }

  start() {
    this.#since ??= performance.now();
  }

  stop() {
    this.#at = this.now;
    this.#since = undefined;
  }
}

const isReady = (media) => media.readyState >= 2 && !media.seeking;

function give(media, src) {
  if (media.dataset.src === src) return;
  media.dataset.src = src;
  if (src) media.src = src;
  else media.removeAttribute("src");
}

const plays = (media) => !media.paused && !media.ended && !media.seeking;

// How fast a picture must go to be where the clock is.
function pictureRate(off) {
  return Math.abs(off) > 0.015 ? 1 - Math.sign(off) * Math.min(Math.abs(off), 0.2) : 1;
}

// The same for a sound, so little that nobody hears it. A change of its speed loses a moment, so it
// begins late and ends a little beyond.
function soundRate(off, rate) {
  const nudge = 1 - Math.sign(off) * SOUND.nudge;
  if (rate === 1) return Math.abs(off) > SOUND.begins ? nudge : 1;
  return nudge !== rate && Math.abs(off) > SOUND.ends ? 1 : rate;
}

// Towards where the clock is: by a jump, or by a little more or less speed.
function follow(media, seconds, rateOf) {
  if (!plays(media)) return;
  const off = media.currentTime - seconds;
  if (Math.abs(off) > LOST) media.currentTime = Math.max(seconds, 0);
  const rate = rateOf(off, media.playbackRate);
  if (media.playbackRate !== rate) media.playbackRate = rate;
}

export class Cut extends EventTarget {
  constructor(videos, sounds) {
    super();
    [this.front, this.back] = videos;
    this.sounds = sounds;
    this.clock = new Clock();
    this.pieces = [];
    this.index = 0;
    this.length = 0;
    this.lead = 0.06;
    this.wanted = false; // to play, though it may have to wait
    for (const video of videos) {
      for (const name of ["loadeddata", "seeked", "canplay"]) video.addEventListener(name, () => this.#arrived(video));
      video.addEventListener("waiting", () => video === this.front && this.#stall());
    }
    // Frames stop in a page that nobody sees; the sound goes on.
    setInterval(() => document.hidden && this.#turn(), 200);
  }

  // pieces: [{src, length}] in seconds; voices: {narration: src, music: src}; own: with their own sound.
  load({ pieces, voices = {}, own = false }, at = 0) {
    const said = JSON.stringify([pieces, voices, own]);
    if (said === this.said) return;
    this.said = said;
    let start = 0;
    this.pieces = pieces.map((piece) => ({ ...piece, start: (start += piece.length) - piece.length }));
    this.length = start;
    for (const video of [this.front, this.back]) video.muted = !own;
    for (const sound of this.sounds) give(sound, voices[sound.dataset.voice] ?? "");
    this.seek(Math.min(at, this.length));
  }

  get piece() {
    return this.pieces[this.index];
  }

  get time() {
    return Math.min(this.clock.now, this.length);
  }

  seek(seconds) {
    const at = Math.min(Math.max(seconds, 0), this.length);
    this.clock.set(at);
    const found = this.pieces.findLastIndex((piece) => piece.start <= at);
    if (found < 0) return this.#tell();
    this.index = found;
    const inside = Math.min(at - this.piece.start, Math.max(this.piece.length - 0.02, 0));
    this.bringing = undefined;
    if (this.front.dataset.src === this.piece.src) this.front.currentTime = inside;
    else this.#bring(inside);
    for (const sound of this.sounds) if (sound.dataset.src) sound.currentTime = at;
    if (this.wanted) this.#stall();
    if (!this.bringing) this.#prepare();
    return this.#tell();
  }

  toggle() {
    return this.wanted ? this.pause() : this.play();
  }

  play() {
    if (!this.pieces.length) return;
    if (this.time >= this.length - 0.02) this.seek(0);
    this.wanted = true;
    this.#go();
    this.#tell();
  }

  pause() {
    this.wanted = false;
    this.clock.stop();
    for (const media of [this.front, this.back, ...this.sounds]) media.pause();
    this.#tell();
  }

  // Another place than where the front video is: the back one comes forward when it is there.
  #bring(inside) {
    this.bringing = this.piece;
    this.back.pause();
    give(this.back, this.piece.src);
    this.back.currentTime = inside;
    this.#arrived(this.back);
  }

  #arrived(video) {
    if (video === this.back && this.bringing && isReady(video)) {
      this.bringing = undefined;
      this.#swap();
      this.#prepare();
    }
    if (this.wanted && !this.clock.runs) this.#go();
  }

  #swap() {
    this.front.pause();
    [this.front, this.back] = [this.back, this.front];
    this.front.classList.add("on");
    this.back.classList.remove("on");
  }

  // The next piece waits behind, on its first picture.
  #prepare() {
    const next = this.pieces[this.index + 1];
    this.ahead = false;
    if (!next) return;
    this.back.pause();
    this.back.playbackRate = 1;
    give(this.back, next.src);
    if (this.back.currentTime > 0) this.back.currentTime = 0;
  }

  // All of it starts together, once all of it is there.
  async #go() {
    const heard = this.sounds.filter((sound) => sound.dataset.src && !(this.time >= sound.duration));
    const all = [this.front, ...heard];
    if (this.going || this.bringing || !all.every(isReady)) {
      for (const sound of heard) sound.addEventListener("canplay", () => this.#arrived(sound), { once: true });
      return;
    }
    this.going = true;
    try {
      await this.#startSounds(heard);
      await this.front.play();
      if (!this.wanted) return this.pause();
      if (heard.length) this.clock.set(heard[0].currentTime);
      this.clock.start();
      requestAnimationFrame(() => this.#turn());
    } catch (error) {
      if (error.name !== "AbortError") throw error; // paused again before it could start
    } finally {
      this.going = false;
    }
  }

  // A sound needs a moment until it is heard; the pictures wait for it.
  async #startSounds(heard) {
    const from = heard.map((sound) => sound.currentTime);
    await Promise.all(heard.map((sound) => sound.play()));
    const deadline = performance.now() + LONGEST_START;
    const silent = () => heard.some((sound, nth) => !sound.paused && sound.currentTime === from[nth]);
    while (silent() && performance.now() < deadline) await new Promise((done) => setTimeout(done, 5));
  }

  #stall() {
    if (!this.clock.runs || this.front.ended) return;
    this.clock.stop();
    for (const media of [this.front, this.back, ...this.sounds]) media.pause();
    queueMicrotask(() => this.wanted && this.#go());
  }

  #turn() {
    if (!this.clock.runs) return;
    const left = this.piece.start + this.piece.length - this.clock.now;
    const next = this.pieces[this.index + 1];
    if (next && left <= this.lead && !this.ahead && isReady(this.back)) this.#runAhead();
    if (left <= 0) this.#pass(next);
    if (!this.clock.runs) return;
    this.#keepStep();
    this.#tell();
    requestAnimationFrame(() => this.#turn());
  }

  // An ear hears a sound that is hurried, an eye no picture that is: so the clock goes by the first
  // sound that plays, and the pictures by the clock.
  #keepStep() {
    const lead = this.sounds.find(plays);
    const off = lead ? lead.currentTime - this.clock.now : 0;
    if (Math.abs(off) < LOST) this.clock.set(this.clock.now + off * SLEW);
    follow(this.front, this.clock.now - this.piece.start, pictureRate);
    for (const sound of this.sounds) {
      if (sound !== lead || Math.abs(off) >= LOST) follow(sound, this.clock.now, soundRate);
      else if (sound.playbackRate !== 1) sound.playbackRate = 1;
    }
  }

  #runAhead() {
    this.ahead = true;
    this.back.play().catch((error) => {
      if (error.name !== "AbortError") throw error;
    });
  }

  #pass(next) {
    if (!next) return this.#end();
    if (!isReady(this.back)) {
      this.index += 1;
      this.clock.set(next.start);
      this.bringing = next;
      return this.#stall();
    }
    if (!this.ahead) this.#runAhead();
    // So long it took to start: the next time it starts so much sooner, or later.
    const early = this.back.currentTime - (this.clock.now - next.start);
    this.lead = Math.min(Math.max(this.lead - early / 2, 0), LONGEST_LEAD);
    this.index += 1;
    this.#swap();
    this.#prepare();
  }

  #end() {
    this.pause();
    this.clock.set(this.length);
    this.#tell();
    this.dispatchEvent(new Event("end"));
  }

  #tell() {
    this.dispatchEvent(new Event("time"));
  }
}
