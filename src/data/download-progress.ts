// How far a download is. Only Node downloads; whoever shows it need not know.

export interface DownloadProgress {
  /** The file's name, such as train-images-idx3-ubyte.gz. */
  readonly file: string;
  readonly url: string;
  /** Bytes so far; the first report of an attempt says what was there before it. */
  readonly received: number;
  /** Bytes in all. */
  readonly total: number;
}
