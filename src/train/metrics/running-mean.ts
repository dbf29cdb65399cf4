// Loss and accuracy of the images seen so far: three sums, so that batches of different sizes count by their images, and
// so that a checkpoint can hold them.

export interface RunningSums {
  readonly loss: number;
  readonly correct: number;
  readonly images: number;
}

export class RunningMean {
  #loss = 0;
  #correct = 0;
  #images = 0;

  constructor({ loss, correct, images }: RunningSums = { loss: 0, correct: 0, images: 0 }) {
    this.#loss = loss;
    this.#correct = correct;
    this.#images = images;
  }

  /**
   * @param meanLoss of the batch
   * @param correct right predictions in it
   */
  add(meanLoss: number, correct: number, images: number): void {
    this.#loss += meanLoss * images;
    this.#correct += correct;
    this.#images += images;
  }

  /** Mean loss an image; 0 before the first one. */
  get loss(): number {
    return this.#images === 0 ? 0 : this.#loss / this.#images;
  }

  /** Share of right predictions; 0 before the first one. */
  get accuracy(): number {
    return this.#images === 0 ? 0 : this.#correct / this.#images;
  }

  get images(): number {
    return this.#images;
  }

  reset(): void {
    this.#loss = 0;
    this.#correct = 0;
    this.#images = 0;
  }

  /** What the constructor takes. */
  toJSON(): RunningSums {
    return { loss: this.#loss, correct: this.#correct, images: this.#images };
  }
}
