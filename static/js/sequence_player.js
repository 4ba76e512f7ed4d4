// Plays a film that has not been joined yet: its takes one after the other on two stacked <video>,
// narration and music on <audio>, all by one clock. The next take is loaded in the hidden video and
// starts a moment before its time; then the two videos change roles. The upper video is transparent
// while it has no picture, so the last picture stays until the next one is there.
const SOUND = { startOffset: 0.045, endOffset: 0.015, speedChange: 0.03 }; // seconds; share of speed
const SEEK_OFFSET = 0.25; // seconds; from here on it seeks instead of changing the speed
const CLOCK_CORRECTION = 0.1; // share of the clock's offset that each update corrects
const MAX_LEAD = 0.3; // seconds
const MAX_SOUND_START_MS = 500;
const PICTURE_OFFSET = 0.015; // seconds
const END_MARGIN = 0.02; // seconds

/** A clock that can be set, started and stopped; it counts seconds. */
class Clock {
  #offset = 0;
  #startedAt;

  get isRunning() {
    return this.#startedAt !== undefined;
  }

  get now() {
    return this.#offset + (this.isRunning ? (performance.now() - this.#startedAt) / 1000 : 0);
  }

  set(seconds) {
    this.#offset = seconds;
    if (this.isRunning) this.#startedAt = performance.now();
  }

  start() {
    this.#startedAt ??= performance.now();
  }

  stop() {
    this.#offset = this.now;
    this.#startedAt = undefined;
  }
}

const isReady = (media) => media.readyState >= 2 && !media.seeking;
const isPlaying = (media) => !media.paused && !media.ended && !media.seeking;

/** Set the source of a media element; the same source is not loaded again. */
function setSource(media, src) {
  if (media.dataset.src === src) return;
  media.dataset.src = src;
  if (src) media.src = src;
  else media.removeAttribute("src");
}

/** Return the speed that brings a picture back to the clock. */
function pictureRate(offset) {
  if (Math.abs(offset) <= PICTURE_OFFSET) return 1;
  return 1 - Math.sign(offset) * Math.min(Math.abs(offset), 0.2);
}

/**
 * Return the speed that brings a sound back to the clock, a change too small to hear. Each change
 * loses a moment of sound, so a correction starts late and ends a little beyond the clock.
 */
function soundRate(offset, rate) {
  const changed = 1 - Math.sign(offset) * SOUND.speedChange;
  if (rate === 1) return Math.abs(offset) > SOUND.startOffset ? changed : 1;
  return changed !== rate && Math.abs(offset) > SOUND.endOffset ? 1 : rate;
}

/** Bring a media element back to a second, by a seek or by a small change of speed. */
function follow(media, seconds, rateOf) {
  if (!isPlaying(media)) return;
  const offset = media.currentTime - seconds;
  if (Math.abs(offset) > SEEK_OFFSET) media.currentTime = Math.max(seconds, 0);
  const rate = rateOf(offset, media.playbackRate);
  if (media.playbackRate !== rate) media.playbackRate = rate;
}

/** Plays clips in sequence; dispatches "time" whenever its state changes, and "end". */
export class SequencePlayer extends EventTarget {
  constructor(videos, sounds) {
    super();
    [this.front, this.back] = videos;
    this.sounds = sounds;
    this.clock = new Clock();
    this.clips = [];
    this.index = 0;
    this.length = 0;
    this.lead = 0.06; // seconds that the next clip starts before its time
    this.wantsPlay = false; // it may still have to wait for data
    this.isLoading = false; // the current clip is not in the front video yet
    for (const video of videos) {
      for (const name of ["loadeddata", "seeked", "canplay"]) {
        video.addEventListener(name, () => this.#continueWith(video));
      }
      video.addEventListener("waiting", () => video === this.front && this.#wait());
    }
    // A hidden page gets no animation frames, but its sound goes on.
    setInterval(() => document.hidden && this.#update(), 200);
  }

  /**
   * Load a list of clips, `[{src, length}]` in seconds, and sounds, `{narration: src, music: src}`.
   * With `ownSound` the clips are heard themselves. The same list again changes nothing.
   */
  load({ clips, sounds = {}, ownSound = false }, time = 0) {
    const loaded = JSON.stringify([clips, sounds, ownSound]);
    if (loaded === this.loaded) return;
    this.loaded = loaded;
    let start = 0;
    this.clips = clips.map((clip) => ({ ...clip, start: (start += clip.length) - clip.length }));
    this.length = start;
    for (const video of [this.front, this.back]) video.muted = !ownSound;
    for (const sound of this.sounds) setSource(sound, sounds[sound.dataset.voice] ?? "");
    this.seek(Math.min(time, this.length));
  }

  get clip() {
    return this.clips[this.index];
  }

  get time() {
    return Math.min(this.clock.now, this.length);
  }

  /** Go to a second of the whole sequence. */
  seek(seconds) {
    const time = Math.min(Math.max(seconds, 0), this.length);
    this.clock.set(time);
    const found = this.clips.findLastIndex((clip) => clip.start <= time);
    if (found < 0) return this.#notify();
    this.index = found;
    const inside = Math.min(time - this.clip.start, Math.max(this.clip.length - END_MARGIN, 0));
    this.isLoading = false;
    if (this.front.dataset.src === this.clip.src) this.front.currentTime = inside;
    else this.#loadInBack(inside);
    for (const sound of this.sounds) if (sound.dataset.src) sound.currentTime = time;
    if (this.wantsPlay) this.#wait();
    if (!this.isLoading) this.#prepareNext();
    return this.#notify();
  }

  toggle() {
    return this.wantsPlay ? this.pause() : this.play();
  }

  play() {
    if (!this.clips.length) return;
    if (this.time >= this.length - END_MARGIN) this.seek(0);
    this.wantsPlay = true;
    this.#start();
    this.#notify();
  }

  pause() {
    this.wantsPlay = false;
    this.#pauseAll();
    this.#notify();
  }

  #pauseAll() {
    this.clock.stop();
    for (const media of [this.front, this.back, ...this.sounds]) media.pause();
  }

  // Load the current clip into the hidden video. It comes to the front when it is ready.
  #loadInBack(inside) {
    this.isLoading = true;
    this.back.pause();
    setSource(this.back, this.clip.src);
    this.back.currentTime = inside;
    this.#continueWith(this.back);
  }

  // Go on if this video or sound was the one that was waited for.
  #continueWith(media) {
    if (media === this.back && this.isLoading && isReady(media)) {
      this.isLoading = false;
      this.#swap();
      this.#prepareNext();
    }
    if (this.wantsPlay && !this.clock.isRunning) this.#start();
  }

  #swap() {
    this.front.pause();
    [this.front, this.back] = [this.back, this.front];
    this.front.classList.add("on");
    this.back.classList.remove("on");
  }

  // Load the next clip into the hidden video, on its first picture.
  #prepareNext() {
    const next = this.clips[this.index + 1];
    this.hasStartedNext = false;
    if (!next) return;
    this.back.pause();
    this.back.playbackRate = 1;
    setSource(this.back, next.src);
    if (this.back.currentTime > 0) this.back.currentTime = 0;
  }

  // Start picture and sounds together, once all of them are ready.
  async #start() {
    const active = this.sounds.filter((sound) => sound.dataset.src && !(this.time >= sound.duration));
    if (this.isStarting || this.isLoading || ![this.front, ...active].every(isReady)) {
      for (const sound of active) {
        sound.addEventListener("canplay", () => this.#continueWith(sound), { once: true });
      }
      return;
    }
    this.isStarting = true;
    try {
      await this.#startSounds(active);
      await this.front.play();
      if (!this.wantsPlay) return this.pause();
      if (active.length) this.clock.set(active[0].currentTime);
      this.clock.start();
      requestAnimationFrame(() => this.#update());
    } catch (error) {
      if (error.name !== "AbortError") throw error; // paused again before it could start
    } finally {
      this.isStarting = false;
    }
  }

  // A sound is heard a moment after its start. The pictures wait until then.
  async #startSounds(sounds) {
    const from = sounds.map((sound) => sound.currentTime);
    await Promise.all(sounds.map((sound) => sound.play()));
    const deadline = performance.now() + MAX_SOUND_START_MS;
    const isSilent = (sound, index) => !sound.paused && sound.currentTime === from[index];
    while (sounds.some(isSilent) && performance.now() < deadline) {
      await new Promise((done) => setTimeout(done, 5));
    }
  }

  // Stop all media until the data is there, then start again.
  #wait() {
    if (!this.clock.isRunning || this.front.ended) return;
    this.#pauseAll();
    queueMicrotask(() => this.wantsPlay && this.#start());
  }

  #update() {
    if (!this.clock.isRunning) return;
    const left = this.clip.start + this.clip.length - this.clock.now;
    const next = this.clips[this.index + 1];
    if (next && left <= this.lead && !this.hasStartedNext && isReady(this.back)) this.#startNext();
    if (left <= 0) this.#moveOn(next);
    if (!this.clock.isRunning) return;
    this.#synchronize();
    this.#notify();
    requestAnimationFrame(() => this.#update());
  }

  // People hear a changed speed of sound, but do not see one of pictures. So the clock follows the
  // first sound that plays, and the pictures follow the clock.
  #synchronize() {
    const leader = this.sounds.find(isPlaying);
    const offset = leader ? leader.currentTime - this.clock.now : 0;
    if (Math.abs(offset) < SEEK_OFFSET) this.clock.set(this.clock.now + offset * CLOCK_CORRECTION);
    follow(this.front, this.clock.now - this.clip.start, pictureRate);
    for (const sound of this.sounds) {
      if (sound !== leader || Math.abs(offset) >= SEEK_OFFSET) follow(sound, this.clock.now, soundRate);
      else if (sound.playbackRate !== 1) sound.playbackRate = 1;
    }
  }

  #startNext() {
    this.hasStartedNext = true;
    this.back.play().catch((error) => {
      if (error.name !== "AbortError") throw error;
    });
  }

  // The current clip is over: bring the next one to the front, or end.
  #moveOn(next) {
    if (!next) return this.#end();
    if (!isReady(this.back)) {
      this.index += 1;
      this.clock.set(next.start);
      this.isLoading = true;
      return this.#wait();
    }
    if (!this.hasStartedNext) this.#startNext();
    // Learn how long this browser needs to start a video: the next one starts that much earlier.
    const early = this.back.currentTime - (this.clock.now - next.start);
    this.lead = Math.min(Math.max(this.lead - early / 2, 0), MAX_LEAD);
    this.index += 1;
    this.#swap();
    this.#prepareNext();
  }

  #end() {
    this.pause();
    this.clock.set(this.length);
    this.#notify();
    this.dispatchEvent(new Event("end"));
  }

  #notify() {
    this.dispatchEvent(new Event("time"));
  }
}
