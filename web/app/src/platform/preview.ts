/** Pixels of the longer side. */
const longest = 160;

/** Bytes of the largest file that is decoded for a preview. */
const bytesMost = 30_000_000;

/** Characters that a preview may take in an offer. */
const charactersMost = 16 * 1024;

/** A small JPEG of an image file in base64; empty for other files. */
export async function preview(file: File): Promise<string> {
  if (!file.type.startsWith('image/') || file.size > bytesMost) return '';
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const pen = canvas.getContext('2d');
  if (pen === null) return '';
  pen.fillStyle = '#ffffff'; // a JPEG has no transparency
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const text = canvas.toDataURL('image/jpeg', 0.7).split(',')[1] ?? '';
  return text.length <= charactersMost ? text : '';
}
