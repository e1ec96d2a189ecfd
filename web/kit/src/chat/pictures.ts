import { api, data, type Schemas } from "../api/client";
import { Unreachable } from "../api/errors";
import { uuid } from "../uuid";

/** Phones take pictures of 4000 pixels and 5 MB; as much as this is enough to read a label. */
const LONGEST_SIDE = 1600;
const QUALITY = 0.85;

/** Keys of uploads that have no answer yet, by what the file is; the file itself may be large. */
const unanswered = new Map<string, string>();

/** A picture of the person's, as a file of ours. The same one chosen once more after no answer came is kept once. */
export async function uploadPicture(chosen: File): Promise<Schemas["FileOut"]> {
  const what = `${chosen.name} ${chosen.size} ${chosen.lastModified}`;
  const key = unanswered.get(what) ?? uuid();
  unanswered.set(what, key);
  const file = await smaller(chosen);
  try {
    const kept = await data(
      api.POST("/staff/v1/files", {
        params: { query: { name: chosen.name || "picture", purpose: "attachment" } },
        body: file as unknown as string,
        bodySerializer: (body) => body as unknown as BodyInit,
        headers: { "Content-Type": "application/octet-stream", "Idempotency-Key": key },
      }),
    );
    unanswered.delete(what);
    return kept;
  } catch (thrown) {
    if (!(thrown instanceof Unreachable)) unanswered.delete(what);
    throw thrown;
  }
}

/** A picture that is larger than anybody looks at, as a smaller JPEG. Those that move stay as they are. */
async function smaller(file: File): Promise<Blob> {
  if (file.type === "image/gif") return file;
  const image = await drawn(file);
  if (!image) return file;
  const scale = LONGEST_SIDE / Math.max(image.width, image.height);
  if (scale >= 1) return file;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width * scale, image.height * scale].map(Math.round) as [number, number];
  const context = canvas.getContext("2d");
  if (!context) return file;
  // What is transparent would become black.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return (await new Promise<Blob | null>((made) => canvas.toBlob(made, "image/jpeg", QUALITY))) ?? file;
}

/** As the browser draws it; nothing where it can't, then the server says what is wrong with it. */
async function drawn(file: File): Promise<ImageBitmap | null> {
  try {
    return await createImageBitmap(file);
  } catch {
    return null;
  }
}
