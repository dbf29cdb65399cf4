// The one thing that is read of EXIF: which way up a photograph is to be shown (tag 0x0112, 1 to 8; from 5 on width and
// height are exchanged). The data is a small TIFF: byte order, then a list of tags.

const ORIENTATION = 0x0112;

/**
 * @param start of an APP1 segment's content in `view`
 * @param end behind it
 * @returns 1 to 8; 1, which is upright, wherever EXIF does not say
 */
export function readExifOrientation(view: DataView, start: number, end: number): number {
  const tiff = start + 6; // behind 'Exif\0\0'
  if (end > view.byteLength || tiff + 8 > end || view.getUint32(start) !== 0x45786966) return 1;
  const order = view.getUint16(tiff);
  if (order !== 0x4949 && order !== 0x4d4d) return 1;
  const littleEndian = order === 0x4949;
  const list = tiff + view.getUint32(tiff + 4, littleEndian);
  if (list + 2 > end) return 1;
  const count = view.getUint16(list, littleEndian);
  for (let i = 0; i < count; i++) {
    const entry = list + 2 + 12 * i;
    if (entry + 12 > end) return 1;
    if (view.getUint16(entry, littleEndian) !== ORIENTATION) continue;
    const value = view.getUint16(entry + 8, littleEndian);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}
