// Images a second, over all that was counted (Work) or over the last few seconds of it (RecentSpeed).

export class Work {
  images = 0;
  seconds = 0;

  add(images: number, seconds: number): void {
    this.images += images;
    this.seconds += seconds;
  }

  reset(): void {
    this.images = 0;
    this.seconds = 0;
  }

  /** 0 before the first work. */
  get imagesPerSecond(): number {
    return this.seconds === 0 ? 0 : this.images / this.seconds;
  }
}

/** Seconds after which work counts 1/e in the recent speed: steady enough for 'time left', quick to show a change. */
const MEMORY = 5;

export class RecentSpeed extends Work {
  override add(images: number, seconds: number): void {
    const kept = Math.exp(-seconds / MEMORY);
    this.images = this.images * kept + images;
    this.seconds = this.seconds * kept + seconds;
  }
}
